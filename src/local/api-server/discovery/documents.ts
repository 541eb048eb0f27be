// Discovery documents: one by one as clients of old ask for them, and all at once (aggregated),
// as kubectl does. Pure: made once from what is served.
import { apiVersionOf, type GroupVersionKind } from "../../../api/meta/object.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { mediaRanges } from "../http/negotiation.ts";
import type { ServedGroupVersion, ServedResource, Subresource } from "./served.ts";

function namesOf(resource: ServedResource): JsonObject {
  const { shortNames, categories } = resource;
  return {
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
}

function subresourceEntry(
  resource: ServedResource,
  { name, kind, verbs }: Subresource,
): JsonObject {
  const isOther = apiVersionOf(kind) !== apiVersionOf(resource);
  return {
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.namespaced,
    ...(isOther ? { group: kind.group, version: kind.version } : {}),
    kind: kind.kind,
    verbs,
  };
}

/** /api/v1 and /apis/<group>/<version> */
export function resourceList({ group, version, resources }: ServedGroupVersion): JsonObject {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.flatMap((resource) => [
      {
        name: resource.plural,
        singularName: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: resource.verbs,
        ...namesOf(resource),
      },
      ...resource.subresources.map((subresource) => subresourceEntry(resource, subresource)),
    ]),
  };
}

/** /apis/<group> */
export function apiGroup({ group, version }: ServedGroupVersion): JsonObject {
  const preferred = { groupVersion: apiVersionOf({ group, version }), version };
  return {
    kind: "APIGroup",
    apiVersion: "v1",
    name: group,
    versions: [preferred],
    preferredVersion: preferred,
  };
}

/** /apis */
export function apiGroupList(groups: readonly ServedGroupVersion[]): JsonObject {
  const items = groups
    .filter(({ group }) => group !== "")
    .map((group) => {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = apiGroup(group);
      return rest;
    });
  return { kind: "APIGroupList", apiVersion: "v1", groups: items };
}

/** /api */
export function apiVersions(address: string): JsonObject {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

function responseKind({ group, version, kind }: GroupVersionKind): JsonObject {
  return { group, version, kind };
}

function aggregatedResource(resource: ServedResource): JsonObject {
  const { subresources } = resource;
  return {
    resource: resource.plural,
    responseKind: responseKind(resource),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...namesOf(resource),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map(({ name, kind, verbs }) => ({
            subresource: name,
            responseKind: responseKind(kind),
            verbs,
          })),
        }
      : {}),
  };
}

/** The answer to /api (core only) or /apis (all others) for clients that want everything at once. */
export function aggregated(groups: readonly ServedGroupVersion[], version: string): JsonObject {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.group === "" ? {} : { name: group.group },
      versions: [
        {
          version: group.version,
          resources: group.resources.map((resource) => aggregatedResource(resource)),
          freshness: "Current",
        },
      ],
    })),
  };
}

const aggregatedVersions = ["v2", "v2beta1"];

/** The version of aggregated discovery a client prefers over the plain one; undefined if it does not. */
export function aggregatedVersionWanted(accept: string): string | undefined {
  for (const { type, parameters } of mediaRanges(accept)) {
    const { as, g, v = "" } = parameters as { as?: string; g?: string; v?: string };
    if (type !== "application/json" && type !== "*/*" && type !== "application/*") continue;
    if (as === undefined) return undefined;
    if (
      as === "APIGroupDiscoveryList" &&
      g === "apidiscovery.k8s.io" &&
      aggregatedVersions.includes(v)
    )
      return v;
  }
  return undefined;
}

export function aggregatedContentType(version: string): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}
