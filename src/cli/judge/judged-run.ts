// An AnalysisRun as `explain` and `replay` read it: its metrics with what was recorded of each.
import { parseAnalysisRun } from "../../api/argo/parse/objects.ts";
import type { AnalysisRun, Metric, MetricResult } from "../../api/argo/analysis.ts";
import { argoApiVersion } from "../../api/argo/keys.ts";
import { asJson } from "../../api/meta/wire.ts";
import { resolveArgs } from "../../core/analysis/resolve.ts";
import { recordOf, type Recorded } from "../../core/judge/recorded/record.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { sequentialObjectOf } from "../../metrics/sequential/config.ts";
import { CliError } from "../command.ts";
import { parsedRollout, rolloutRef } from "../fetch-tree.ts";
import { notFound } from "../must-exist.ts";

export interface ReadMetric {
  /** Arguments put in, secrets excepted. */
  readonly metric: Metric;
  readonly result: MetricResult | undefined;
  /** Only of metrics the sequential judge looks at. */
  readonly record: Recorded | undefined;
  readonly isJudged: boolean;
}

function runRef(namespace: string, name: string) {
  return { apiVersion: argoApiVersion, kind: "AnalysisRun", namespace, name } as const;
}

/** The run a rollout is, or was last, judged by. */
async function runOfRollout(
  store: ObjectStore,
  namespace: string,
  rollout: string,
): Promise<AnalysisRun | undefined> {
  const manifest = await store.get(rolloutRef(namespace, rollout));
  if (manifest === undefined) return undefined;
  const { canary } = parsedRollout(manifest).status;
  const current =
    canary?.currentBackgroundAnalysisRunStatus?.name ?? canary?.currentStepAnalysisRunStatus?.name;
  const { items } = await store.list<AnalysisRun>({
    apiVersion: argoApiVersion,
    kind: "AnalysisRun",
    namespace,
  });
  const own = items.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === manifest.metadata.uid),
  );
  const born = ({ metadata }: AnalysisRun): string => metadata.creationTimestamp ?? "";
  const newest = own.toSorted((a, b) => (born(a) < born(b) ? 1 : -1))[0];
  const found = own.find(({ metadata }) => metadata.name === current) ?? newest;
  if (found === undefined)
    throw new CliError(`rollout '${rollout}' has no analysis runs: nothing has judged it yet`);
  return found;
}

/** The run of that name; else the one the rollout of that name is judged by. Missing: says what is near. */
export async function findRun(
  store: ObjectStore,
  namespace: string,
  name: string,
): Promise<AnalysisRun> {
  const ref = runRef(namespace, name);
  const stored =
    (await store.get<AnalysisRun>(ref)) ?? (await runOfRollout(store, namespace, name));
  if (stored === undefined) throw await notFound(store, ref);
  return parseAnalysisRun(asJson(stored)).object;
}

export function metricsOf(run: AnalysisRun): readonly ReadMetric[] {
  const resolved = resolveArgs(run);
  const metrics = resolved.ok ? resolved.metrics : run.spec.metrics;
  return metrics.map((metric, index) => {
    const name = run.spec.metrics[index]?.name ?? metric.name;
    const result = run.status?.metricResults?.find((each) => each.name === name);
    const isJudged = sequentialObjectOf(metric) !== undefined;
    return {
      metric: { ...metric, name },
      result,
      record: isJudged ? recordOf(result?.metadata) : undefined,
      isJudged,
    };
  });
}
