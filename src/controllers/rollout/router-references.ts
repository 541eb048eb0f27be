// The objects of routers that validation looks into (argo-rollouts.md §1.12): is each one there, and
// does it have a place for the split? What is wrong makes the spec invalid, as a missing Service does.
import type { Rollout } from "../../api/argo/rollout.ts";
import type { References } from "../../api/argo/validate/named.ts";
import { objectOf, textOf } from "../../api/argo/validate/json-fields.ts";
import { firstErrorText } from "../../api/argo/validate/rollout.ts";
import {
  missingRouterObjectErrors,
  routerObjectErrors,
} from "../../api/argo/validate/router-references.ts";
import { parseApiVersion, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { TrafficRouter } from "../../routers/router.ts";

type Looked = "ingresses" | "virtualServices" | "ambassadorMappings" | "appMeshVirtualServices";

function lookedUpAs({ apiVersion, kind }: ObjectRef): Looked | undefined {
  const { group } = parseApiVersion(apiVersion);
  switch (kind) {
    case "Ingress":
      return "ingresses";
    case "VirtualService":
      return group === "networking.istio.io" ? "virtualServices" : "appMeshVirtualServices";
    case "Mapping":
      return "ambassadorMappings";
    default:
      return undefined;
  }
}

/** Every way people may write its name. */
function namesOf({ namespace, name }: ObjectRef, rolloutNamespace: string): readonly string[] {
  const far = `${name}.${namespace}`;
  const written = [far, `${far}.svc`, `${far}.cluster.local`, `${far}.svc.cluster.local`];
  return namespace === rolloutNamespace ? [name, ...written] : written;
}

/** Which virtual routers App Mesh's virtual services lead to, only they say. */
async function virtualRouters(
  services: Readonly<Record<string, JsonObject>>,
  store: ObjectStore,
  namespace: string,
): Promise<Readonly<Record<string, JsonObject>>> {
  const found: Record<string, JsonObject> = {};
  for (const service of new Set(Object.values(services))) {
    const provider = objectOf(service, "spec", "provider", "virtualRouter", "virtualRouterRef");
    const name = textOf(provider, "name");
    const apiVersion = textOf(service, "apiVersion");
    if (name === "") continue;
    const router = await store.get({ apiVersion, kind: "VirtualRouter", namespace, name });
    if (router) found[name] = asJson(router);
  }
  return found;
}

/** The first error's text; undefined = the routers' objects are as they must be. */
export async function routerReferenceError(
  { spec: { strategy } }: Rollout,
  routers: readonly TrafficRouter[],
  store: ObjectStore,
  namespace: string,
): Promise<string | undefined> {
  const found: Record<Looked, Record<string, JsonObject>> = {
    ingresses: {},
    virtualServices: {},
    ambassadorMappings: {},
    appMeshVirtualServices: {},
  };
  for (const ref of routers.flatMap(({ watches }) => watches)) {
    const looked = lookedUpAs(ref);
    const object = looked && (await store.get<KubeObject>(ref));
    if (!looked || !object) continue;
    for (const name of namesOf(ref, namespace)) found[looked][name] = asJson(object);
  }
  const references: References = {
    services: {},
    analysisTemplates: {},
    clusterAnalysisTemplates: {},
    ...found,
    appMeshVirtualRouters: await virtualRouters(found.appMeshVirtualServices, store, namespace),
  };
  const missing = missingRouterObjectErrors(strategy, references);
  return firstErrorText([...missing, ...routerObjectErrors(strategy, references)]);
}
