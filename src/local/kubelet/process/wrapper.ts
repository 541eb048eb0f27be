// The few lines of shell every container runs under. They make three promises no parent can:
//
// 1. No process is lost between being started and being recorded. The first thing the wrapper does
//    is to create `<attempt>.claim` exclusively, with its own pid and start time inside. A kubelet
//    that finds an intent without a claim creates an empty claim itself; whoever comes second gives
//    up. So either the process is on record, or it never runs.
// 2. The exit code outlives the controller: the wrapper waits for the command and writes
//    `<attempt>.exit`, whoever its parent is by then.
// 3. A SIGTERM to the whole group does not end the wrapper before the command.
//
// Only built-in commands are used, because PATH is the container's own.

const whoAmI = `s=; if [ -r /proc/$$/stat ]; then IFS= read -r s </proc/$$/stat; fi; printf "%s\\n%s\\n" "$$" "$s"`;

// Where the folder is gone, the pod is: nothing is begun for it any more.
const inner = `{ ${whoAmI}; } >"$1.pid" || exit 1; shift; exec "$@"`;

const script = [
  "set -C",
  `{ ${whoAmI}; } 2>/dev/null >"$1.claim" || exit 0`,
  "set +C",
  "trap : HUP INT TERM",
  "base=$1; shift",
  // The shell's own remarks ("Terminated") are kept out of the container's log. They go to where the
  // shell's errors go while it waits, so the log is handed back inside the subshell only.
  "exec 3>&2 2>/dev/null",
  `( exec /bin/sh -c '${inner}' container "$base" "$@" 2>&3 3>&- )`,
  `echo "$?" >"$base.exit"`,
].join("\n");

const shellName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The argument list that runs `argv` under the wrapper. `base` is the path the three files share.
 * A shell drops environment entries it cannot name (`a.b=c`); those are handed over by `env`.
 */
export function wrapped(
  base: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const unnamable = Object.entries(env).filter(([name]) => !shellName.test(name));
  const entries = unnamable.map(([name, value]) => `${name}=${value}`);
  const command = entries.length === 0 ? argv : ["/usr/bin/env", ...entries, ...argv];
  return ["/bin/sh", "-c", script, "haldane-container", base, ...command];
}
