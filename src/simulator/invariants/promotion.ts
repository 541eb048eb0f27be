// When a step counts as done and a version as stable: only once users have met what that means.
import type { CanaryStrategy, Rollout } from "../../api/argo/rollout.ts";
import { runsOf, type Attempt } from "./attempt.ts";
import type { Knowledge } from "./knowledge.ts";
import { capacityOf, hashOf, weightsOf } from "./view.ts";

/** What is recorded as asked about a version was asked about that version. */
export function mustBeOwnVerdicts(known: Knowledge, { status }: Rollout, atMs: number): void {
  const { canary, blueGreen, currentPodHash = "" } = status;
  const recorded = [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ];
  for (const name of recorded.flatMap((run) => run?.name ?? [])) {
    const run = known.view.runs.get(name);
    if (run && hashOf(run) !== currentPodHash)
      known.fail(atMs, `the verdict of ${name} is taken for one on ${currentPodHash}`);
  }
}

/** A version is called stable once it has what that means: all its pods, and the users it was to get. */
export function promoted(known: Knowledge, before: Rollout, attempt: Attempt, atMs: number): void {
  const { spec, metadata } = before;
  const { strategy, replicas = 1 } = spec;
  const set = known.view.setOf(metadata.name, attempt.hash);
  const there = set === undefined ? 0 : capacityOf(set);
  const mayBeOld = known.isDisturbed(metadata.name, atMs) || known.allowance.blindMs > 0;
  if (there < replicas && !mayBeOld)
    known.fail(atMs, `${attempt.hash} was called stable with ${there} of ${replicas} pods`);
  const isForced =
    attempt.isFull || known.isFree(before, attempt) || known.isOlder(before, attempt);
  if (strategy.kind === "blueGreen" && strategy.postPromotionAnalysis && !isForced)
    mustHavePassed(known, attempt, atMs);
  if (strategy.kind === "canary" && strategy.trafficRouting)
    mustHaveTraffic(known, strategy, { attempt, atMs, needsAll: !isForced && replicas > 0 });
}

interface Promotion {
  readonly attempt: Attempt;
  readonly atMs: number;
  /** All of the traffic was to be its before it got the name. */
  readonly needsAll: boolean;
}

function mustHaveTraffic(
  known: Knowledge,
  strategy: CanaryStrategy,
  { attempt, atMs, needsAll }: Promotion,
): void {
  const live = servedWeight(known, strategy);
  if (!live) return;
  const { weight, isServed } = live;
  if (!isServed) known.fail(atMs, `${attempt.hash} was called stable before its weight was served`);
  const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
  if (strategy.steps.length > 0 && needsAll && weight < most)
    known.fail(atMs, `${attempt.hash} was called stable when it had a share of ${weight}`);
}

/** What users have since the switch was found good, unless somebody forced it or it is a way back. */
function mustHavePassed(known: Knowledge, attempt: Attempt, atMs: number): void {
  const runs = runsOf(known.view.runs.values(), "PostPromotion", attempt);
  if (!runs.some(({ status }) => status?.phase === "Successful"))
    known.fail(atMs, `${attempt.hash} was called stable before users' version was judged`);
}

/**
 * What the data plane gives to the canary's Service, and whether that is what is written; undefined
 * where no route leads to these Services (a split by subsets, a data plane nobody plays).
 */
function servedWeight(
  known: Knowledge,
  { canaryService: service = "", stableService = "" }: CanaryStrategy,
): { readonly weight: number; readonly isServed: boolean } | undefined {
  const routes = [...known.view.routes.values()];
  const leadsTo = (name: string) => routes.find((one) => weightsOf(one).has(name));
  const route = leadsTo(service);
  if (!route && !leadsTo(stableService)) return undefined;
  const served = known.view.served.get(route?.metadata.name ?? "");
  const isServed = served?.metadata.generation === route?.metadata.generation;
  return { weight: weightsOf(served).get(service) ?? 0, isServed };
}

/** Nobody goes past a setWeight that users have not met. */
export function wentOn(
  known: Knowledge,
  before: Rollout,
  after: Rollout,
  attempt: Attempt,
  atMs: number,
): void {
  const { strategy } = after.spec;
  if (strategy.kind !== "canary" || !strategy.trafficRouting || attempt.promotes > 0) return;
  if (attempt.isFull || attempt.isAborted || known.isFree(after, attempt)) return;
  const isSame = before.status.currentPodHash === attempt.hash && before.status.abort !== true;
  const from = isSame ? (before.status.currentStepIndex ?? 0) : 0;
  const done = strategy.steps.slice(from, after.status.currentStepIndex ?? 0);
  const last = done.findLast((step) => step.kind === "setWeight");
  const { weight } = servedWeight(known, strategy) ?? {};
  if (last?.kind === "setWeight" && weight !== undefined && last.weight > weight)
    known.fail(atMs, `setWeight ${last.weight} was counted as done with ${weight} served`);
}
