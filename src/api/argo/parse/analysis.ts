// Analysis as a Rollout refers to it: templates to run and the arguments they get.
import type { AnalysisArgument } from "../analysis.ts";
import type { BackgroundAnalysis, RolloutAnalysis, RolloutAnalysisArgument } from "../rollout.ts";
import type { BackgroundAnalysisManifest, RolloutAnalysisManifest } from "../../schema/rollout.ts";

/** `valueFrom` wins over `value`; neither is an empty value. */
function argumentOf({ name, value = "", valueFrom }: AnalysisArgument): RolloutAnalysisArgument {
  const of = valueFrom?.podTemplateHashValue;
  if (of !== undefined) return { name, kind: "podTemplateHash", of };
  const fieldPath = valueFrom?.fieldRef?.fieldPath;
  if (fieldPath !== undefined) return { name, kind: "field", fieldPath };
  return { name, kind: "value", value };
}

export function argumentsOf(
  args: readonly AnalysisArgument[] = [],
): readonly RolloutAnalysisArgument[] {
  return args.map((argument) => argumentOf(argument));
}

export function rolloutAnalysisOf(analysis: RolloutAnalysisManifest): RolloutAnalysis {
  const {
    templates = [],
    args,
    dryRun = [],
    measurementRetention = [],
    analysisRunMetadata,
  } = analysis;
  return {
    templates: templates.map(({ templateName = "", clusterScope = false }) => ({
      templateName,
      clusterScope,
    })),
    args: argumentsOf(args),
    dryRun,
    measurementRetention,
    analysisRunMetadata,
  };
}

export function backgroundAnalysisOf(analysis: BackgroundAnalysisManifest): BackgroundAnalysis {
  return { ...rolloutAnalysisOf(analysis), startingStep: analysis.startingStep ?? 0 };
}
