import { describe, expect, it } from "vitest";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import { refOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { withOld } from "../old-view.test-support.ts";
import { deliveryManager } from "./delivery.test-support.ts";

const argo = "argoproj.io/v1alpha1";
const rolloutRef: ObjectRef = {
  apiVersion: argo,
  kind: "Rollout",
  namespace: "default",
  name: "web",
};

const object = (apiVersion: string, kind: string, name: string, more: JsonObject): KubeObject => {
  const metadata = kind.startsWith("Cluster") ? { name } : { name, namespace: "default" };
  return { apiVersion, kind, metadata, ...more };
};

const podTemplate = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:v1" }] },
};
const own = { selector: { matchLabels: { app: "web" } }, template: podTemplate };
const services = ["stable", "canary"].map((name) =>
  object("v1", "Service", name, { spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }),
);
const named = { canaryService: "canary", stableService: "stable" };
const asking = (...templates: readonly JsonObject[]): JsonObject => ({
  canary: { steps: [{ analysis: { templates } }] },
});
const metrics = [{ name: "m", provider: { web: { url: "http://x" } } }];
const route = (host: string): JsonObject => ({ destination: { host } });
const virtualService = object("networking.istio.io/v1alpha3", "VirtualService", "web", {
  spec: { hosts: ["web"], http: [{ route: ["stable", "canary"].map(route) }] },
});

interface Story {
  readonly spec: JsonObject;
  /** All that it names. */
  readonly objects: readonly KubeObject[];
  /** Of which kind the view shows nothing at first. */
  readonly kind: string;
  /** What is said when the kind is not there. */
  readonly missing: RegExp;
}

const stories: readonly Story[] = [
  {
    kind: "Service",
    spec: { ...own, strategy: { canary: named } },
    objects: services,
    missing: /service "stable" not found/,
  },
  {
    kind: "AnalysisTemplate",
    spec: { ...own, strategy: asking({ templateName: "check" }) },
    objects: [object(argo, "AnalysisTemplate", "check", { spec: { metrics } })],
    missing: /AnalysisTemplate 'check' not found/,
  },
  {
    kind: "ClusterAnalysisTemplate",
    spec: { ...own, strategy: asking({ templateName: "all" }) },
    objects: [
      object(argo, "AnalysisTemplate", "all", {
        spec: { templates: [{ templateName: "check", clusterScope: true }] },
      }),
      object(argo, "ClusterAnalysisTemplate", "check", { spec: { metrics } }),
    ],
    missing: /ClusterAnalysisTemplate 'check' not found/,
  },
  {
    kind: "Deployment",
    spec: {
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      strategy: { canary: {} },
    },
    objects: [object("apps/v1", "Deployment", "web", { spec: { replicas: 0, ...own } })],
    missing: /deployments.apps "web" not found/,
  },
  {
    kind: "VirtualService",
    spec: {
      ...own,
      strategy: {
        canary: {
          ...named,
          steps: [{ setWeight: 5 }],
          trafficRouting: { istio: { virtualService: { name: "web" } } },
        },
      },
    },
    objects: [...services, virtualService],
    missing: /VirtualService "web" not found/,
  },
];

async function world(story: Story, objects: readonly KubeObject[]) {
  const clock = new VirtualClock(Date.parse("2026-11-22T00:00:00Z"));
  const store = memoryStore({ clock, rng: createRng(1) });
  for (const each of objects) await store.create(each);
  const spec = { replicas: 1, ...story.spec };
  await store.create(object(argo, "Rollout", rolloutRef.name, { spec }));
  const manager = deliveryManager(withOld(store, story.kind, []), clock);
  await manager.start();
  const status = async (): Promise<RolloutStatus | undefined> => {
    const found = await store.get<KubeObject & { readonly status?: RolloutStatus }>(rolloutRef);
    return found?.status;
  };
  return { clock, store, manager, status };
}

describe("what a Rollout names, of a kind whose view is behind", () => {
  it.each(stories)("$kind: is not called missing while it is there", async (story) => {
    const { clock, store, manager, status } = await world(story, story.objects);
    await pass(clock, 5000);
    expect(await status()).toBeUndefined();
    // The next change of the objects reaches the view.
    const body = { metadata: { labels: { seen: "yes" } } };
    for (const each of story.objects) await store.patch(refOf(each), { type: "merge", body });
    await pass(clock, 60_000);
    expect(await status()).toMatchObject({ currentPodHash: expect.any(String) as string });
    const conditions = (await status())?.conditions ?? [];
    expect(conditions.filter(({ type }) => type === "InvalidSpec")).toEqual([]);
    await manager.stop();
  });

  it.each(stories)("$kind: is called missing when it is not there", async (story) => {
    const others = story.objects.filter(({ kind }) => kind !== story.kind);
    const { clock, manager, status } = await world(story, others);
    await pass(clock, 1000);
    expect(await status()).toMatchObject({
      phase: "Degraded",
      message: expect.stringMatching(story.missing) as string,
    });
    await manager.stop();
  });
});
