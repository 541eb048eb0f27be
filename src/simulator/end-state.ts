// What a simulation has come to, without what may differ between two plays of the same story:
// times, versions, uids, generations, how often something was measured. Two plays that ended alike
// have the same lines.
import type { AnalysisRun } from "../api/argo/analysis.ts";
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import { revisionAnnotation, scaleDownDeadlineAnnotation } from "../api/argo/keys.ts";
import type { ReplicaSet, Service } from "../api/kubernetes/workloads.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../lib/json.ts";
import type { ObjectStore } from "../objects/object-store.ts";

const timePattern = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** What says when or how often, but not what; and verdicts as last seen, which the runs' own lines have for good. */
const leftOut = new Set([
  "prePromotionAnalysisRunStatus",
  "postPromotionAnalysisRunStatus",
  "observedGeneration",
  "generation",
  "resourceVersion",
  "uid",
  "lastUpdateTime",
  "duration",
  "workloadObservedGeneration",
]);

/** Without times and counts of writes; conditions in the order of their types. */
function timeless(value: Json): Json {
  if (typeof value === "string") return value.replaceAll(timePattern, "<time>");
  if (isJsonArray(value)) return value.map(timeless);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) =>
    leftOut.has(key) || inner === undefined
      ? []
      : [[key, key === "conditions" ? byType(timeless(inner)) : timeless(inner)] as const],
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function byType(conditions: Json): Json {
  if (!isJsonArray(conditions)) return conditions;
  const typeOf = (condition: Json): string =>
    isJsonObject(condition) && typeof condition["type"] === "string" ? condition["type"] : "";
  return [...conditions].sort((a, b) => (typeOf(a) < typeOf(b) ? -1 : 1));
}

function textOf(label: string, object: KubeObject, value: Json): string {
  return `${label} ${object.metadata.name} ${JSON.stringify(value)}`;
}

function rolloutText(rollout: KubeObject): string {
  const { spec = {}, status = {} } = asJson(rollout) as JsonObject & {
    readonly spec?: Json;
    readonly status?: Json;
  };
  const revision = rollout.metadata.annotations?.[revisionAnnotation] ?? "";
  return textOf("Rollout", rollout, timeless({ revision, spec, status }));
}

function replicaSetText(set: ReplicaSet): string {
  const { annotations = {} } = set.metadata;
  const revision = annotations[revisionAnnotation] ?? "";
  const isLeaving = annotations[scaleDownDeadlineAnnotation] !== undefined;
  const { status } = set;
  const size = `${set.spec.replicas ?? 1} wanted, ${status?.replicas ?? 0} there, ${status?.availableReplicas ?? 0} available`;
  return textOf("ReplicaSet", set, {
    revision,
    size,
    isLeaving,
    template: timeless(asJson(set.spec.template)),
  });
}

function analysisRunText(run: AnalysisRun): string {
  const { phase = "", message = "", metricResults = [] } = run.status ?? {};
  const metrics = metricResults.map((result) => ({ name: result.name, phase: result.phase }));
  return textOf("AnalysisRun", run, { phase, message, metrics, labels: run.metadata.labels ?? {} });
}

function eventLines(events: readonly KubeObject[]): readonly string[] {
  return events.map((event) => {
    const { reason, message, involvedObject } = event as KubeObject &
      Record<"reason" | "message", string> & { readonly involvedObject: { readonly name: string } };
    return `Event ${involvedObject.name} ${reason}: ${message.replaceAll(timePattern, "<time>")}`;
  });
}

async function all<T extends KubeObject>(
  store: ObjectStore,
  apiVersion: string,
  kind: string,
): Promise<readonly T[]> {
  return (await store.list<T>({ apiVersion, kind })).items;
}

/** One line per object, sorted. Pods and Events are not among them. */
export async function endStateOf(store: ObjectStore): Promise<readonly string[]> {
  const argo = "argoproj.io/v1alpha1";
  const rollouts = await all(store, argo, "Rollout");
  const sets = await all<ReplicaSet>(store, "apps/v1", "ReplicaSet");
  const runs = await all<AnalysisRun>(store, argo, "AnalysisRun");
  const experiments = await all(store, argo, "Experiment");
  const routes = await all<HTTPRoute>(store, "gateway.networking.k8s.io/v1", "HTTPRoute");
  const services = await all<Service>(store, "v1", "Service");
  return [
    ...rollouts.map(rolloutText),
    ...sets.map(replicaSetText),
    ...runs.map(analysisRunText),
    ...experiments.map((experiment) =>
      textOf("Experiment", experiment, timeless(asJson(experiment)["status"] ?? {})),
    ),
    ...routes.map((route) => textOf("HTTPRoute", route, timeless(asJson(route.spec)))),
    ...services.map((service) => textOf("Service", service, timeless(asJson(service.spec)))),
  ].sort();
}

/** Every event's text, as often as it was told. */
export async function eventsOf(store: ObjectStore): Promise<readonly string[]> {
  return [...eventLines(await all(store, "v1", "Event"))].sort();
}

/** What the two have not in common: `-` only undisturbed, `+` only disturbed. */
export function differences(
  undisturbed: readonly string[],
  disturbed: readonly string[],
): readonly string[] {
  const left = undisturbed.filter((line) => !disturbed.includes(line)).map((line) => `- ${line}`);
  const right = disturbed.filter((line) => !undisturbed.includes(line)).map((line) => `+ ${line}`);
  return [...left, ...right];
}
