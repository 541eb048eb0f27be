// cli/plugin: the program under the names kubectl-argo-rollouts and kubectl-haldane: Argo's verbs,
// flags, output and exit codes (argo-kubectl-plugin.md), on the same core and views as `haldane`.
// One file per verb in commands/, a line in plugin-table.ts; words and texts are Argo's, to the letter.
import type { Source } from "../completion/question.ts";
import type { CommandCall, ExitCode } from "../command.ts";
import type { Flag } from "./flags.ts";

export interface PluginCommand {
  readonly flags: readonly Flag[];
  /** How many arguments there may be; others are answered with the usage. */
  readonly takes: { readonly least: number; readonly most: number };
  /** As the usage writes them: `ROLLOUT_NAME`. */
  readonly synopsis: string;
  /** What the first argument may be. */
  readonly first?: Source;
  run(call: PluginCall): Promise<ExitCode>;
}

/** `args` are the arguments as typed; options by their camel-cased names. */
export interface PluginCall extends CommandCall {
  readonly args: readonly string[];
  /** kubectl-argo-rollouts or kubectl-haldane */
  readonly programName: string;
}

/** `kubectl argo rollouts`, `kubectl haldane` */
export function calledAs(programName: string): string {
  return programName.replaceAll("-", " ");
}

/** What was typed makes no sense to a command: its usage is shown, and no word more. */
export class ShowUsage extends Error {
  override readonly name = "ShowUsage";
}
