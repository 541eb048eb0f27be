import { beforeEach, describe, expect, it } from "vitest";
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import type { Service } from "../api/kubernetes/workloads.ts";
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import { readDocuments } from "../api/yaml/documents.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { applyManifests, inOrderOfNeed } from "./apply-objects.ts";
import type { Manifest } from "./read-manifests.ts";

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: app, image: "shop:v1"}]}}
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: shop}}}
`;
const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: shop}, ports: [{port: 80}]}
`;
const route = (canary = 0): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
    - backendRefs: [{name: shop-stable, port: 80, weight: ${100 - canary}}, {name: shop-canary, port: 80, weight: ${canary}}]
    - matches: [{path: {value: /static}}]
      backendRefs: [{name: files, port: 80, weight: 7}]
`;

let store: ObjectStore;
const refOf = (apiVersion: string, kind: string, name: string): ObjectRef => ({
  apiVersion,
  kind,
  namespace: "default",
  name,
});
const routeRef = refOf("gateway.networking.k8s.io/v1", "HTTPRoute", "shop");
const rolloutRef = refOf("argoproj.io/v1alpha1", "Rollout", "shop");

beforeEach(() => {
  store = memoryStore({ clock: new VirtualClock(0) });
});

function manifests(...texts: readonly string[]): readonly Manifest[] {
  const { documents } = readDocuments(texts.join("---"), "all.yaml");
  return documents.map((document) => ({ document, object: document.object as never }));
}

async function apply(texts: readonly string[], isForced = false): Promise<readonly string[]> {
  const lines: string[] = [];
  const isAllApplied = await applyManifests(manifests(...texts), {
    store,
    namespace: "default",
    isForced,
    report: (line) => lines.push(line),
    refuse: (text) => lines.push(`REFUSED ${text}`),
  });
  expect(isAllApplied).toBe(!lines.some((line) => line.startsWith("REFUSED")));
  return lines;
}

async function weights(): Promise<unknown> {
  const { spec } = (await store.get<HTTPRoute>(routeRef))!;
  return (spec.rules ?? []).map(({ name, backendRefs = [] }) => [
    name,
    ...backendRefs.map(({ weight }) => weight),
  ]);
}

it("tells created, unchanged, configured", async () => {
  expect(await apply([service("shop-stable"), route()])).toEqual([
    "service/shop-stable created",
    "httproute.gateway.networking.k8s.io/shop created",
  ]);
  expect(await apply([service("shop-stable"), route()])).toEqual([
    "service/shop-stable unchanged",
    "httproute.gateway.networking.k8s.io/shop unchanged",
  ]);
  expect(await apply([service("shop-stable").replace("port: 80", "port: 81")])).toEqual([
    "service/shop-stable configured",
  ]);
});

it("puts namespaces first and what runs last, else keeps the order written", () => {
  const namespace = "\napiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n";
  const ordered = inOrderOfNeed(manifests(rollout, route(), service("b"), namespace, service("a")));
  expect(ordered.map(({ object }) => `${object.kind} ${object.metadata.name}`)).toEqual([
    "Namespace web",
    "HTTPRoute shop",
    "Service b",
    "Service a",
    "Rollout shop",
  ]);
});

it("keeps a namespace that is written, and gives the others theirs", async () => {
  await apply([
    "\napiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
    service("here"),
    service("there").replace("{name: there}", "{name: there, namespace: web}"),
  ]);
  expect(await store.get({ ...refOf("v1", "Service", "here") })).toBeDefined();
  expect(await store.get({ ...refOf("v1", "Service", "there"), namespace: "web" })).toBeDefined();
});

describe("in the middle of a rollout", () => {
  const managed = {
    name: "haldane-managed-header.0",
    backendRefs: [{ name: "shop-canary", port: 80 }],
  };

  beforeEach(async () => {
    await apply([rollout, route(), service("shop-canary"), service("other")]);
    const live = (await store.get<HTTPRoute>(routeRef))!;
    const [split, plain] = live.spec.rules ?? [];
    const refs = (split?.backendRefs ?? []).map((ref) => ({
      ...ref,
      weight: ref.name === "shop-canary" ? 30 : 70,
    }));
    const driven: HTTPRoute = {
      ...live,
      spec: { ...live.spec, rules: [managed, { ...split, backendRefs: refs }, plain!] },
    };
    await store.update(driven, { fieldManager: "haldane-controller" });
    await store.patch(refOf("v1", "Service", "shop-canary"), {
      type: "merge",
      body: { spec: { selector: { "rollouts-pod-template-hash": "abc" } } },
    });
  });

  it("moves no weight and drops no managed rule, whatever the file says of them", async () => {
    const before = await weights();
    expect(before).toEqual([
      ["haldane-managed-header.0", undefined],
      [undefined, 70, 30],
      [undefined, 7],
    ]);
    await apply([route()]);
    expect(await weights()).toEqual(before);
    await apply([route(50)]);
    expect(await weights()).toEqual(before);
  });

  it("still changes what no rollout drives", async () => {
    await apply([route().replace("weight: 7", "weight: 9")]);
    expect(await weights()).toEqual([
      ["haldane-managed-header.0", undefined],
      [undefined, 70, 30],
      [undefined, 9],
    ]);
  });

  it("sets weights as written once no rollout splits them", async () => {
    await store.delete(rolloutRef);
    await apply([route(50)], true);
    const rules = (await weights()) as readonly unknown[];
    expect(rules).toContainEqual([undefined, 50, 50]);
  });

  it("keeps a Service on its version, and takes the rest from the file", async () => {
    await apply([service("shop-canary").replace("{app: shop}", "{app: shop, tier: web}")]);
    const { spec } = (await store.get<Service>(refOf("v1", "Service", "shop-canary")))!;
    expect(spec.selector).toEqual({
      app: "shop",
      tier: "web",
      "rollouts-pod-template-hash": "abc",
    });
  });

  /** What the controller does meanwhile. */
  async function moveOn(live: HTTPRoute): Promise<void> {
    const rules = (live.spec.rules ?? []).map(({ backendRefs = [], ...rule }) => ({
      ...rule,
      backendRefs: backendRefs.map((backend) =>
        backend.name === "shop-canary" ? { ...backend, weight: 60 } : backend,
      ),
    }));
    await store.update(
      { ...live, spec: { ...live.spec, rules } },
      { fieldManager: "haldane-controller" },
    );
  }

  it("reads again when the split changes between reading and writing", async () => {
    let races = 1;
    const racing = {
      get: async (ref: ObjectRef) => {
        const live = await store.get<HTTPRoute>(ref);
        if (ref.kind === "HTTPRoute" && live && races-- > 0) await moveOn(live);
        return live;
      },
      list: async (...args: Parameters<ObjectStore["list"]>) => store.list(...args),
      patch: async (...args: Parameters<ObjectStore["patch"]>) => store.patch(...args),
    } as unknown as ObjectStore;
    await applyManifests(manifests(route()), {
      store: racing,
      namespace: "default",
      isForced: false,
      report: () => undefined,
      refuse: (text) => expect.fail(text),
    });
    expect(await weights()).toContainEqual([undefined, 70, 60]);
  });
});

describe("fields of others", () => {
  interface Scaled extends KubeObject {
    readonly spec: { readonly replicas: number };
  }
  const live = async (): Promise<Scaled> => (await store.get<Scaled>(rolloutRef))!;
  const replicas = async (): Promise<number> => (await live()).spec.replicas;
  async function scale(fieldManager: string): Promise<void> {
    const object = await live();
    await store.update<Scaled>(
      { ...object, spec: { ...object.spec, replicas: 9 } },
      { fieldManager },
    );
  }

  beforeEach(async () => {
    await apply([rollout]);
  });

  it("are not taken silently: the message names field, manager and way out", async () => {
    await scale("autoscaler");
    const [line] = await apply([rollout]);
    expect(line).toBe(
      "REFUSED all.yaml:2:1: rollout.argoproj.io/shop: others have set fields to other values: spec.replicas (autoscaler); take their values into the file, or overwrite them with --force-conflicts",
    );
    expect(await replicas()).toBe(9);
    expect(await apply([rollout], true)).toEqual(["rollout.argoproj.io/shop configured"]);
    expect(await replicas()).toBe(2);
  });

  it("are ours when a command line of ours wrote them", async () => {
    await scale("haldane");
    expect(await apply([rollout])).toEqual(["rollout.argoproj.io/shop configured"]);
    expect(await replicas()).toBe(2);
  });

  it("of one object keep no other object back", async () => {
    await scale("autoscaler");
    expect(await apply([rollout, service("a")])).toEqual([
      "service/a created",
      expect.stringMatching(/^REFUSED/),
    ]);
  });
});
