// The controller of a Kubernetes cluster: what runs in its Deployment.
import { flag, print, type CliCommand, type CommandCall, type ExitCode } from "../command.ts";
import { declareFlags } from "../controller/flags.ts";
import {
  controllerSettings,
  ineffectiveFlags,
  logFormatOf,
  logLevelOf,
} from "../controller/settings.ts";
import type { Logger } from "../../runtime/log.ts";

/** What still holds the process when all is over (a provider that does not answer) may do so no longer. */
const endWithinMs = 1000;

async function loggerOf(call: CommandCall): Promise<Logger> {
  const level = logLevelOf(call);
  const { stderr, clock } = call.cli;
  const write = (line: string): void => void stderr.write(line);
  if (logFormatOf(call) === "json") {
    const { pinoLogger } = await import("../../runtime/pino-log.ts");
    return pinoLogger({ level, write });
  }
  const { textLogger } = await import("../../runtime/text-log.ts");
  return textLogger({ level, clock, write });
}

async function run(call: CommandCall): Promise<ExitCode> {
  const { cli } = call;
  if (flag(call, "version")) {
    print(cli, cli.version);
    return 0;
  }
  const log = await loggerOf(call);
  const { controllerAccess } = await import("../controller/access.ts");
  const access = controllerAccess(call);
  const settings = controllerSettings(call, access.namespace);
  const ineffective = ineffectiveFlags(call);
  if (ineffective.length > 0)
    log.warn("some flags have no effect here", { flags: ineffective.join(", ") });
  log.info("haldane controller", {
    version: cli.version,
    server: access.server,
    from: access.origin,
    instanceId: settings.instanceId,
    namespace: settings.watchedNamespace ?? "all",
  });
  const { runController } = await import("../../compose/kubernetes.ts");
  const { clock, env, version } = cli;
  const ended = await runController({ access, settings, clock, log, env, version }, cli.signal);
  const code = ended === "stopped" ? 0 : 1;
  log.info("ended", { code });
  setTimeout(() => process.exit(code), endWithinMs).unref();
  return code;
}

export const command: CliCommand = {
  declare(command) {
    command.option("--version", "print the version");
    declareFlags(command);
  },
  run,
};
