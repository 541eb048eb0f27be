// The routers' sheet over a real API server: its schemas take what is written and drop nothing. A
// router whose kinds the cluster does not serve is skipped, and said to be.
import { afterAll, describe, expect, it } from "vitest";
import { refOf, type KubeObject } from "../../../src/api/meta/object.ts";
import { asJson } from "../../../src/api/meta/wire.ts";
import { isStoreError, type ObjectStore } from "../../../src/objects/object-store.ts";
import { albSetting } from "../../../src/routers/alb/alb.test-support.ts";
import { ambassadorSetting } from "../../../src/routers/ambassador/ambassador.test-support.ts";
import { apisixSetting } from "../../../src/routers/apisix/apisix.test-support.ts";
import { appMeshSetting } from "../../../src/routers/app-mesh/app-mesh.test-support.ts";
import {
  describeTrafficRouter,
  headerRoute,
  mirrorRoute,
  planOf,
} from "../../../src/routers/conformance.ts";
import {
  acknowledgeRoute,
  routeSetting,
} from "../../../src/routers/gateway-api/gateway-api.test-support.ts";
import { istioSetting, subsetSetting } from "../../../src/routers/istio/istio.test-support.ts";
import { nginxSetting } from "../../../src/routers/nginx/nginx.test-support.ts";
import {
  createOwner,
  newMemoryStore,
  routerFor,
  sheetWorld,
  skips,
  type RouterSetting,
} from "../../../src/routers/sheet-world.test-support.ts";
import { smiSetting } from "../../../src/routers/smi/smi.test-support.ts";
import { traefikSetting } from "../../../src/routers/traefik/traefik.test-support.ts";
import { openCluster } from "../cluster.test-support.ts";
import { createMissingDefinitions } from "./definitions.test-support.ts";

interface Row {
  readonly name: string;
  readonly setting: RouterSetting;
  readonly skip?: Readonly<Record<string, string>>;
  /** The kind a played data plane acknowledges. */
  readonly acknowledges?: string;
  /** Managed routes it can carry, of those the last test asks for. */
  readonly routes: Parameters<typeof planOf>[1] & object;
}

const rows: Row[] = [
  { name: "istio", setting: istioSetting, routes: [headerRoute, mirrorRoute] },
  {
    name: "istio with subsets",
    setting: subsetSetting,
    routes: [headerRoute, mirrorRoute],
  },
  {
    name: "traefik",
    setting: traefikSetting,
    skip: { ...skips.experiments, ...skips.headers, ...skips.mirrors },
    routes: [],
  },
  {
    name: "gateway-api HTTPRoute",
    setting: routeSetting("HTTPRoute"),
    acknowledges: "HTTPRoute",
    routes: [headerRoute, mirrorRoute],
  },
  {
    name: "gateway-api GRPCRoute",
    setting: routeSetting("GRPCRoute"),
    acknowledges: "GRPCRoute",
    skip: skips.mirrors,
    routes: [headerRoute],
  },
];

for (const kind of ["TCPRoute", "TLSRoute"] as const) {
  const skip = { ...skips.headers, ...skips.mirrors };
  const name = `gateway-api ${kind}`;
  rows.push({ name, setting: routeSetting(kind), acknowledges: kind, skip, routes: [] });
}

const twoWay = { ...skips.experiments, ...skips.headers, ...skips.mirrors };
rows.push(
  { name: "nginx", setting: nginxSetting, skip: twoWay, routes: [] },
  { name: "alb", setting: albSetting, skip: skips.mirrors, routes: [headerRoute] },
  ...["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"].map((version) => ({
    name: `smi ${version}`,
    setting: smiSetting(version),
    skip: { ...skips.headers, ...skips.mirrors },
    routes: [],
  })),
  {
    name: "apisix",
    setting: apisixSetting,
    skip: { ...skips.experiments, ...skips.mirrors },
    routes: [headerRoute],
  },
  { name: "ambassador", setting: ambassadorSetting(), skip: twoWay, routes: [] },
  { name: "app-mesh", setting: appMeshSetting, skip: twoWay, routes: [] },
);

const cluster = openCluster();
await createMissingDefinitions(cluster);
afterAll(async () => cluster.close());

/** The kind among the router's objects that the cluster does not know, if there is one. */
async function unservedKind({ setting }: Row): Promise<string | undefined> {
  const made = setting.makes?.("shop", "default") ?? [];
  for (const { apiVersion, kind } of [...setting.objects("shop", "default"), ...made]) {
    try {
      await cluster.store.list({ apiVersion, kind, namespace: "default" });
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
      return `${kind} of ${apiVersion}`;
    }
  }
  return undefined;
}

async function objectsIn(
  store: ObjectStore,
  { setting }: Row,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const refs = [
    ...setting.objects("shop", namespace).map((object) => refOf(object)),
    ...(setting.makes?.("shop", namespace) ?? []),
  ];
  const found = refs.map(async (ref) => {
    const object = await store.get(ref);
    if (!object) throw new Error(`no ${ref.kind} ${ref.name}`);
    return object;
  });
  return Promise.all(found);
}

/** What a router writes into its objects, in any store. */
async function writtenIn(
  store: ObjectStore,
  row: Row,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const owner = await createOwner(store, namespace, "shop");
  for (const object of row.setting.objects("shop", namespace)) await store.create(object);
  const router = routerFor(row.setting, { store, namespace, owner });
  await router.apply(planOf(35, row.routes));
  return objectsIn(store, row, namespace);
}

for (const row of rows) {
  const { name, setting, skip, acknowledges } = row;
  const unserved = await unservedKind(row);
  if (unserved !== undefined) {
    describe.skip(`${name}: the cluster does not serve ${unserved}`, () => {
      it("answers the router sheet", () => undefined);
    });
    continue;
  }

  describeTrafficRouter(
    `${name} on a cluster`,
    async () => {
      const namespace = await cluster.newNamespace();
      const world = await sheetWorld(setting, cluster.store, namespace);
      if (acknowledges === undefined) return world;
      const acknowledge = async (): Promise<void> =>
        acknowledgeRoute(cluster.store, acknowledges, "shop", namespace);
      return { ...world, acknowledge };
    },
    skip ? { skip } : {},
  );

  describe(`${name} on a cluster`, () => {
    it("finds everything it wrote as it wrote it", async () => {
      const namespace = await cluster.newNamespace();
      const stored = await writtenIn(cluster.store, row, namespace);
      const memory = newMemoryStore();
      await memory.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      const expected = await writtenIn(memory, row, namespace);
      for (const [index, object] of expected.entries()) {
        const { spec = {} } = asJson(object);
        const { labels, annotations } = object.metadata;
        const metadata = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
        // A server may add defaults (the Gateway API's does), but leave nothing out.
        expect(stored[index]).toMatchObject({ metadata, spec });
      }
    });
  });
}
