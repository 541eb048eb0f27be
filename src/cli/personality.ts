// Under which name the program was started: that decides whose command line it speaks.
import path from "node:path";
import type { CliContext, ExitCode } from "./command.ts";

const pluginNames = ["kubectl-argo-rollouts", "kubectl-haldane"];
/** kubectl asks a program of this name how a plugin's command line may go on. */
const completionPrefix = "kubectl_complete-";

/** `startedAs`: the file that was run, by the name it was called by: a link's, not its target's. */
export async function runAs(
  startedAs: string,
  argv: readonly string[],
  cli: CliContext,
): Promise<ExitCode> {
  // Windows gives programs endings: kubectl-haldane.cmd, .exe, .js.
  const name = path.basename(startedAs).replace(/\.(?:[cm]?[jt]s|cmd|exe)$/i, "");
  const isAsking = name.startsWith(completionPrefix);
  const plugin = isAsking ? `kubectl-${name.slice(completionPrefix.length)}` : name;
  if (!pluginNames.includes(plugin)) return (await import("./run.ts")).runCli(argv, cli);
  const { runPlugin } = await import("./plugin/run-plugin.ts");
  return runPlugin(plugin, isAsking ? ["__complete", ...argv] : argv, cli);
}
