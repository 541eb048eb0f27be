import { promote, promoteFull, skipSteps } from "../../core/rollout/commands.ts";
import type { CommandPatches } from "../../core/rollout/commands.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { openVerdict } from "../../core/view/awaited.ts";
import { haldaneError } from "../../lib/errors.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { CliError, flag } from "../command.ts";
import { isUnseen } from "../meant-for.ts";
import { rolloutVerb } from "../rollout-verb.ts";

/** Promoted already is as good; waiting for something else is not. */
function saidInVain(name: string, manifest: JsonObject): string {
  const { phase, message } = clientPhase(manifest);
  const problem = vain(name, manifest);
  if (phase === "Healthy") return `rollout '${name}' is fully promoted already: nothing to do`;
  const state = message === "" ? phase : `${phase}, ${message}`;
  throw haldaneError("NOTHING_TO_DO", {
    where: `rollout ${name}`,
    problem: `it was not promoted: ${problem.what} (it is ${state})`,
    wayOut: problem.wayOut,
  });
}

function vain(
  name: string,
  manifest: JsonObject,
): { readonly what: string; readonly wayOut: string } {
  if (isAborted(manifest))
    return { what: "it is aborted", wayOut: `start it again with \`haldane retry ${name}\`.` };
  if (isUnseen(manifest))
    return {
      what: "its newest change has not been taken up yet",
      wayOut: "try again in a moment.",
    };
  return {
    what: openVerdict(manifest) ?? "there is no pause to end",
    wayOut: `wait with \`haldane status ${name}\`, or skip what is left with \`haldane promote ${name} --full\`.`,
  };
}

/** A plain promote of an aborted rollout would only be undone by the controller. */
function isAborted({ status }: JsonObject): boolean {
  return isJsonObject(status) && status["abort"] === true;
}

const nothing: CommandPatches = { status: undefined, main: undefined };

export const command = rolloutVerb({
  takesSeveral: false,
  declare(command) {
    command
      .option("--full", "skip all pauses, steps and analyses")
      .option("-c, --skip-current-step", "deprecated: go to the next step")
      .option("-a, --skip-all-steps", "deprecated: go past all steps");
  },
  patches(manifest, call) {
    const isCurrent = flag(call, "skipCurrentStep");
    const isAll = flag(call, "skipAllSteps");
    if (isCurrent && isAll)
      throw new CliError("Cannot use skip-current-step and skip-all-steps flags at the same time");
    if (isCurrent || isAll) {
      const skipped = skipSteps(manifest, isAll ? "all" : "current");
      if (!skipped.ok) throw new CliError(skipped.message);
      return skipped.value;
    }
    if (flag(call, "full")) return isUnseen(manifest) ? nothing : promoteFull(manifest);
    if (isAborted(manifest)) return nothing;
    // "One step on" would count the steps of the older version.
    return isUnseen(manifest) ? { ...promote(manifest), status: undefined } : promote(manifest);
  },
  meant: (call) => (flag(call, "full") ? "version" : "step"),
  saidInVain,
  said: (name, call) => `rollout '${name}' ${flag(call, "full") ? "fully " : ""}promoted`,
});
