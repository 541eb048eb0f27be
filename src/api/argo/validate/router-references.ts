// Objects of traffic routers that a Rollout names: which are missing, and what is wrong in them.
// Each router has its file beside this one; order and texts are Argo's.
import type { FieldError, Place } from "../../meta/field-error.ts";
import { below, internal, invalid } from "../../meta/field-error.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { isJsonArray, isJsonObject } from "../../../lib/json.ts";
import type { RouterConfig, Strategy } from "../rollout.ts";
import { ambassadorErrors, appMeshErrors } from "./mesh-references.ts";
import { ingressErrors } from "./ingress-references.ts";
import { virtualServiceErrors } from "./istio-references.ts";
import { stringsOf, textOf } from "./json-fields.ts";
import { lookUp, referencePlace } from "./named.ts";
import type { ByName, NamedAt, References, RouterAt } from "./named.ts";

export const gatewayApiPlugin = "argoproj-labs/gatewayAPI";

function routersAt(strategy: Strategy): readonly (RouterAt & { readonly kind: string })[] {
  if (strategy.kind !== "canary") return [];
  const root = below(referencePlace("canary"), "trafficRouting");
  return (strategy.trafficRouting?.routers ?? []).map(
    ({ kind, isPlugin, config }: RouterConfig) => ({
      kind,
      strategy,
      config,
      place: isPlugin ? below(root, "plugins", kind) : below(root, kind),
    }),
  );
}

function notFound(
  named: readonly NamedAt[],
  objects: ByName<JsonObject> | undefined,
  what: string,
): readonly FieldError[] {
  if (objects === undefined) return [];
  return named
    .filter(({ name }) => lookUp(objects, name) === undefined)
    .map(({ name, place }) => invalid(place, name, `${what} "${name}" not found`));
}

/** `single` or `several` must be given, not both; Argo's words begin with a capital. */
function oneOfTwo(
  router: RouterAt,
  single: string,
  several: string,
  words: string,
): readonly FieldError[] {
  const hasSingle = textOf(router.config, single) !== "";
  const hasSeveral = stringsOf(router.config, several).length > 0;
  if (hasSingle !== hasSeveral) return [];
  return [
    internal(
      router.place,
      `Either ${words} must be configured. ${hasSingle ? "Both" : "Neither"} are configured.`,
    ),
  ];
}

/** The names of an either-one-or-a-list pair, each with its place. */
export function namesOf(
  router: RouterAt,
  single: string,
  several: string,
  severalField = several,
): readonly NamedAt[] {
  const one = textOf(router.config, single);
  const at = {
    field: `${router.place.field}.${severalField}`,
    path: [...router.place.path, several],
  };
  return [
    ...(one === "" ? [] : [{ name: one, place: below(router.place, single) }]),
    ...stringsOf(router.config, several).map((name, index) => ({
      name,
      place: { field: at.field, path: [...at.path, index] },
    })),
  ];
}

/** The VirtualServices of an istio block. */
export function virtualServicesOf(
  router: RouterAt,
): readonly (NamedAt & { readonly config: JsonObject })[] {
  const { virtualService, virtualServices } = router.config;
  const one = isJsonObject(virtualService)
    ? [
        {
          name: textOf(virtualService, "name"),
          config: virtualService,
          place: below(router.place, "virtualService", "name"),
        },
      ]
    : [];
  const several = isJsonArray(virtualServices) ? virtualServices.filter(isJsonObject) : [];
  const listed = several.map((config, index) => ({
    name: textOf(config, "name"),
    config,
    place: {
      field: `${router.place.field}.virtualServices.name`,
      path: [...router.place.path, "virtualServices", index, "name"],
    },
  }));
  return [...one, ...listed];
}

/** HTTPRoutes named by the Gateway API plugin: `httpRoute`, `httpRoutes[].name`. */
export function httpRoutesOf({ config, place }: RouterAt): readonly NamedAt[] {
  const one = textOf(config, "httpRoute");
  const { httpRoutes } = config;
  const several = isJsonArray(httpRoutes) ? httpRoutes : [];
  return [
    ...(one === "" ? [] : [{ name: one, place: below(place, "httpRoute") }]),
    ...several.flatMap((route, index) =>
      isJsonObject(route)
        ? [{ name: textOf(route, "name"), place: below(place, "httpRoutes", index, "name") }]
        : [],
    ),
  ];
}

function istioMissing(router: RouterAt, references: References): readonly FieldError[] {
  const { virtualService, virtualServices } = router.config;
  const hasList = isJsonArray(virtualServices) && virtualServices.length > 0;
  if ((virtualService !== undefined) === hasList) {
    return [internal(router.place, "either VirtualService or VirtualServices must be configured")];
  }
  return notFound(virtualServicesOf(router), references.virtualServices, "VirtualService");
}

function ambassadorMissing(router: RouterAt, references: References): readonly FieldError[] {
  const mappings = stringsOf(router.config, "mappings");
  const place = below(router.place, "mappings");
  if (mappings.length === 0) return [invalid(place, null, "must provide at least one mapping")];
  return notFound(
    mappings.map((name) => ({ name, place })),
    references.ambassadorMappings,
    "mapping",
  );
}

function appMeshMissing(router: RouterAt, references: References): readonly FieldError[] {
  const { virtualService } = router.config;
  const name = isJsonObject(virtualService) ? textOf(virtualService, "name") : "";
  const place = appMeshPlace(router);
  if (name === "") return [invalid(place, null, "must provide virtual-service")];
  return notFound([{ name, place }], references.appMeshVirtualServices, "virtual-service");
}

/** Argo spells this router in lower case here. */
export function appMeshPlace({ place }: RouterAt): Place {
  return {
    field: "spec.strategy.canary.trafficRouting.appmesh.virtualService",
    path: [...place.path, "virtualService", "name"],
  };
}

export function missingRouterObjectErrors(
  strategy: Strategy,
  references: References,
): readonly FieldError[] {
  return routersAt(strategy).flatMap((router) => {
    switch (router.kind) {
      case "nginx":
        return [
          ...oneOfTwo(
            router,
            "stableIngress",
            "stableIngresses",
            "StableIngress or StableIngresses",
          ),
          ...notFound(
            namesOf(router, "stableIngress", "stableIngresses", "StableIngresses"),
            references.ingresses,
            "ingress",
          ),
        ];
      case "alb":
        return [
          ...oneOfTwo(router, "ingress", "ingresses", "Ingress or Ingresses"),
          ...notFound(namesOf(router, "ingress", "ingresses"), references.ingresses, "ingress"),
        ];
      case "istio":
        return istioMissing(router, references);
      case "ambassador":
        return ambassadorMissing(router, references);
      case "appMesh":
        return appMeshMissing(router, references);
      case gatewayApiPlugin:
        return notFound(httpRoutesOf(router), references.httpRoutes, "HTTPRoute");
      default:
        return [];
    }
  });
}

export function routerObjectErrors(
  strategy: Strategy,
  references: References,
): readonly FieldError[] {
  return routersAt(strategy).flatMap((router) => {
    switch (router.kind) {
      case "nginx":
        return ingressErrors(
          namesOf(router, "stableIngress", "stableIngresses", "StableIngresses"),
          router.strategy.stableService ?? "",
          references,
        );
      case "alb": {
        const root = textOf(router.config, "rootService");
        const service = root === "" ? (router.strategy.stableService ?? "") : root;
        return ingressErrors(namesOf(router, "ingress", "ingresses"), service, references);
      }
      case "istio":
        return virtualServiceErrors(router, virtualServicesOf(router), references);
      case "ambassador":
        return ambassadorErrors(router, references);
      case "appMesh":
        return appMeshErrors(router, appMeshPlace(router), references);
      default:
        return [];
    }
  });
}

/** Every HTTPRoute a strategy splits by, each with its place. */
export function namedHttpRoutes(strategy: Strategy): readonly NamedAt[] {
  return routersAt(strategy)
    .filter(({ kind }) => kind === gatewayApiPlugin)
    .flatMap((router) => httpRoutesOf(router));
}
