import { terminate } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "AnalysisRun",
  takesSeveral: true,
  patches: () => terminate(),
  said: (name) => `analysisRun '${name}' terminated`,
});
