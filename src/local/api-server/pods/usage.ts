// metrics.k8s.io/v1beta1: what pods use now, for `kubectl top pods`.
import type { KubeObject } from "../../../api/meta/object.ts";
import { apiVersionOf } from "../../../api/meta/object.ts";
import { resourceTypeOf } from "../../../api/resources.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { invariant } from "../../../lib/invariant.ts";
import { formatTime } from "../../../lib/time.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { jsonReply, type Call, type Reply } from "../call.ts";
import { negotiate } from "../http/negotiation.ts";
import type { ApiOptions, PodUsage } from "../options.ts";
import { scopeOf } from "../resources/read.ts";
import { ageColumn, nameColumn } from "../tables/cells.ts";
import { tableOf } from "../tables/table.ts";

const metricsType = { group: "metrics.k8s.io", version: "v1beta1", kind: "PodMetrics" } as const;

/** `12500000n` and `20480Ki`: the units metrics-server uses. */
function containerUsage({
  name,
  cpuMillicores,
  memoryBytes,
}: PodUsage["containers"][number]): JsonObject {
  const cpu = `${Math.round(cpuMillicores * 1_000_000)}n`;
  return { name, usage: { cpu, memory: `${Math.round(memoryBytes / 1024)}Ki` } };
}

function podMetrics(usage: PodUsage, pod: KubeObject): JsonObject {
  const { labels } = pod.metadata;
  const measuredAt = formatTime(usage.measuredAtMs);
  return {
    kind: metricsType.kind,
    apiVersion: apiVersionOf(metricsType),
    metadata: {
      name: usage.name,
      namespace: usage.namespace,
      ...(labels === undefined ? {} : { labels }),
      creationTimestamp: measuredAt,
    },
    timestamp: measuredAt,
    window: `${Math.round(usage.windowMs / 1000)}s`,
    containers: usage.containers.map((container) => containerUsage(container)),
  };
}

function placeOf(of: { readonly namespace?: string; readonly name: string }): string {
  return `${of.namespace ?? ""}/${of.name}`;
}

const podType = resourceTypeOf("v1", "Pod");

/** GET …/pods and …/pods/<name>. Pods that are not measured yet are left out, as by metrics-server. */
export async function getPodMetrics(
  api: ApiOptions,
  call: Call,
  target: { readonly namespace: string | undefined; readonly name: string | undefined },
): Promise<Reply> {
  invariant(
    podType !== undefined && api.podUsage !== undefined,
    "pod metrics are served without pods or usage",
  );
  const { items, resourceVersion } = await api.store.list(
    scopeOf({ type: podType, namespace: target.namespace }, call.query),
  );
  const pods = new Map(items.map((pod) => [placeOf(pod.metadata), pod]));
  const metrics = (await api.podUsage()).flatMap((usage) => {
    const pod = pods.get(placeOf(usage));
    return pod && (target.name === undefined || target.name === usage.name)
      ? [podMetrics(usage, pod)]
      : [];
  });
  return target.name === undefined
    ? listOf(api, call, metrics, resourceVersion)
    : oneOf(metrics, target.name);
}

function oneOf([metrics]: readonly JsonObject[], name: string): Reply {
  if (metrics) return jsonReply(metrics);
  throw new StoreError("NotFound", `podmetrics.metrics.k8s.io "${name}" not found`, {
    details: { name, group: metricsType.group, kind: "podmetrics" },
  });
}

function listOf(
  { clock }: ApiOptions,
  call: Call,
  items: readonly JsonObject[],
  resourceVersion: string,
): Reply {
  const { view, contentType } = negotiate(call.headers.accept);
  if (view === "table") {
    const columns = [nameColumn, ageColumn];
    const objects = items as unknown as readonly KubeObject[];
    const options = { columns, nowMs: clock.now(), includeObject: "Metadata" } as const;
    return {
      kind: "json",
      status: 200,
      body: tableOf(objects, { resourceVersion }, options),
      contentType,
    };
  }
  return jsonReply({
    kind: "PodMetricsList",
    apiVersion: apiVersionOf(metricsType),
    metadata: { resourceVersion },
    items,
  });
}
