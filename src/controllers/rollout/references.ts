// The names a Rollout refers to, for finding them and for being woken when they change.
import type { TemplateRef } from "../../api/argo/analysis.ts";
import type { Rollout, RolloutAnalysis } from "../../api/argo/rollout.ts";

export interface References {
  readonly services: readonly string[];
  readonly templates: readonly TemplateRef[];
}

function analysesOf({ spec: { strategy } }: Rollout): readonly RolloutAnalysis[] {
  switch (strategy.kind) {
    case "canary": {
      const steps = strategy.steps.flatMap((step) =>
        step.kind === "analysis" ? [step.analysis] : [],
      );
      return strategy.analysis ? [...steps, strategy.analysis] : steps;
    }
    case "blueGreen":
      return [strategy.prePromotionAnalysis, strategy.postPromotionAnalysis].filter(
        (a) => a !== undefined,
      );
    case "rollingUpdate":
    case "recreate":
      return [];
  }
}

function servicesOf({ spec: { strategy } }: Rollout): readonly (string | undefined)[] {
  switch (strategy.kind) {
    case "canary": {
      const { stableService, canaryService, pingPong } = strategy;
      return [stableService, canaryService, pingPong?.pingService, pingPong?.pongService];
    }
    case "blueGreen":
      return [strategy.activeService, strategy.previewService];
    case "rollingUpdate":
    case "recreate":
      return [];
  }
}

export function referencesOf(rollout: Rollout): References {
  return {
    services: servicesOf(rollout).filter(
      (name) => name !== undefined && name !== "",
    ) as readonly string[],
    templates: analysesOf(rollout).flatMap((analysis) => analysis.templates),
  };
}
