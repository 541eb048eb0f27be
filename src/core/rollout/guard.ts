import type { AnalysisTemplate } from "../../api/argo/analysis.ts";
import { argoApiVersion, guardAnnotation, sequentialKind } from "../../api/argo/keys.ts";
import type { BackgroundAnalysis, CanaryStrategy, GuardedMetric } from "../../api/argo/rollout.ts";

// The short form of a judged canary: the annotation haldane.dev/guard adds a template of ours to the
// background analysis, with the judge's usual settings written out so that people see them in the run.

/** No object can have this name, so none is hidden by it. */
const guardTemplateName = guardAnnotation;
const canaryArgument = "guard-canary";
const stableArgument = "guard-stable";

const guarded = {
  /**
   * When both versions fail as often as the objective it is nobody's fault: the rollout holds and says so. Where next to
   * nothing fails, safety is shown by that.
   */
  errors: { kind: "errors", objective: { share: "5%" }, negligible: "0.1%" },
  /** Processes that have just begun are slow for a while, and nobody wants to hear of it. */
  latency: { kind: "latency", warmUp: "30s" },
} as const satisfies Record<GuardedMetric, object>;

/** The guard's template; the names in `guard` are metrics of the judge. */
function guardTemplate({ guard, guardSource }: CanaryStrategy): AnalysisTemplate {
  const judge = {
    source: guardSource ?? "traffic",
    canary: `{{args.${canaryArgument}}}`,
    stable: `{{args.${stableArgument}}}`,
    metrics: guard.map((name) => guarded[name]),
    alpha: 0.01,
    margin: "20%",
  };
  return {
    apiVersion: argoApiVersion,
    kind: "AnalysisTemplate",
    metadata: { name: guardTemplateName },
    spec: {
      args: [{ name: canaryArgument }, { name: stableArgument }],
      metrics: [
        { name: "guard", interval: "10s", provider: { plugin: { [sequentialKind]: judge } } },
      ],
    },
  };
}

/** Templates that come with the strategy itself. */
export function ownTemplates(strategy: CanaryStrategy): readonly AnalysisTemplate[] {
  return strategy.guard.length === 0 ? [] : [guardTemplate(strategy)];
}

/** From the step on at which the canary has its first traffic: before it there is nothing to judge. */
function firstWatchedStep({ steps }: CanaryStrategy): number {
  const first = steps.findIndex((step) => step.kind === "setWeight" && step.weight > 0);
  return first + 1;
}

/** The background analysis with the guard in it; undefined when nothing watches in the background. */
export function watchOf(strategy: CanaryStrategy): BackgroundAnalysis | undefined {
  const { analysis, guard } = strategy;
  if (guard.length === 0) return analysis;
  const templates = [{ templateName: guardTemplateName, clusterScope: false }];
  const args = [
    { name: canaryArgument, kind: "podTemplateHash", of: "Latest" },
    { name: stableArgument, kind: "podTemplateHash", of: "Stable" },
  ] as const;
  return {
    dryRun: [],
    measurementRetention: [],
    analysisRunMetadata: undefined,
    ...analysis,
    templates: [...(analysis?.templates ?? []), ...templates],
    args: [...(analysis?.args ?? []), ...args],
    startingStep: analysis?.startingStep ?? firstWatchedStep(strategy),
  };
}
