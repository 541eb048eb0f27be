import type { CanaryStrategy, RollingUpdateStrategy } from "../../api/argo/rollout.ts";
import type { Facts } from "./context.ts";
import { conductCanary } from "./canary.ts";
import type { StrategyOutcome } from "./outcome.ts";

/** A rolling update is a canary without steps: the same arithmetic, abort, undo and deadline. */
export function asCanary(strategy: RollingUpdateStrategy): CanaryStrategy {
  return {
    ...strategy,
    kind: "canary",
    canaryService: undefined,
    stableService: undefined,
    steps: [],
    stepsAsWritten: undefined,
    trafficRouting: undefined,
    analysis: undefined,
    guard: [],
    dynamicStableScale: false,
    pingPong: undefined,
    minPodsPerReplicaSet: undefined,
    replicaProgressThreshold: undefined,
  };
}

export function conductRollingUpdate(
  facts: Facts,
  strategy: RollingUpdateStrategy,
): StrategyOutcome {
  return conductCanary(facts, asCanary(strategy));
}
