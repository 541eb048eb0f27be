// Schemas of Gateway API v1 as far as deliveries use it: Gateway and HTTPRoute, with the defaults
// their CRDs carry.
import {
  any,
  bool,
  defaulted,
  int32,
  int64,
  list,
  map,
  object,
  openObject,
  stringMap,
  text,
} from "./schema.ts";
import { conditionSchema, labelSelectorSchema, objectFields } from "./meta.ts";

const gatewayGroup = "gateway.networking.k8s.io";

const allowedRoutes = object({
  namespaces: object({ from: text, selector: labelSelectorSchema }),
  kinds: list(object({ group: text, kind: text }, ["kind"])),
});

const listener = object(
  {
    name: text,
    hostname: text,
    port: int32,
    protocol: text,
    tls: openObject({ mode: text, certificateRefs: any, options: stringMap }),
    allowedRoutes,
  },
  ["name", "port", "protocol"],
);

export const gatewaySchema = object(
  {
    ...objectFields,
    spec: object(
      {
        gatewayClassName: text,
        listeners: list(listener, ["name"]),
        addresses: list(object({ type: text, value: text })),
        infrastructure: openObject({ labels: stringMap, annotations: stringMap }),
        allowedListeners: openObject({}),
        backendTLS: openObject({}),
        tls: openObject({}),
      },
      ["gatewayClassName", "listeners"],
    ),
    status: openObject({ conditions: list(conditionSchema, ["type"]) }),
  },
  ["metadata", "spec"],
);

const headerValue = object({ name: text, value: text }, ["name", "value"]);

const headerModifier = object({
  set: list(headerValue, ["name"]),
  add: list(headerValue, ["name"]),
  remove: list(text),
});

const backendReferenceFields = {
  group: defaulted(text, ""),
  kind: defaulted(text, "Service"),
  name: text,
  namespace: text,
  port: int32,
};

const filter = object(
  {
    type: text,
    requestHeaderModifier: headerModifier,
    responseHeaderModifier: headerModifier,
    requestMirror: object(
      {
        backendRef: object(backendReferenceFields, ["name"]),
        percent: int32,
        fraction: object({ numerator: int32, denominator: defaulted(int32, 100) }, ["numerator"]),
      },
      ["backendRef"],
    ),
    requestRedirect: openObject({
      scheme: text,
      hostname: text,
      path: openObject({ type: text, replaceFullPath: text, replacePrefixMatch: text }),
      port: int32,
      statusCode: int32,
    }),
    urlRewrite: openObject({
      hostname: text,
      path: openObject({ type: text, replaceFullPath: text, replacePrefixMatch: text }),
    }),
    cors: openObject({}),
    extensionRef: object({ group: text, kind: text, name: text }, ["group", "kind", "name"]),
  },
  ["type"],
);

const valueMatch = object({ type: defaulted(text, "Exact"), name: text, value: text }, [
  "name",
  "value",
]);

const match = object({
  path: defaulted(object({ type: defaulted(text, "PathPrefix"), value: defaulted(text, "/") }), {
    type: "PathPrefix",
    value: "/",
  }),
  headers: list(valueMatch, ["name"]),
  queryParams: list(valueMatch, ["name"]),
  method: text,
});

const rule = object({
  name: text,
  matches: defaulted(list(match), [{ path: { type: "PathPrefix", value: "/" } }]),
  filters: list(filter),
  backendRefs: list(
    object({ ...backendReferenceFields, weight: defaulted(int32, 1), filters: list(filter) }, [
      "name",
    ]),
  ),
  timeouts: object({ request: text, backendRequest: text }),
  retry: openObject({ codes: list(int32), attempts: int32, backoff: text }),
  sessionPersistence: openObject({ sessionName: text, type: text, cookieConfig: map(any) }),
});

export const httpRouteSchema = object(
  {
    ...objectFields,
    spec: object({
      parentRefs: list(
        object(
          {
            group: defaulted(text, gatewayGroup),
            kind: defaulted(text, "Gateway"),
            namespace: text,
            name: text,
            sectionName: text,
            port: int32,
          },
          ["name"],
        ),
      ),
      hostnames: list(text),
      rules: list(rule),
      useDefaultGateways: text,
    }),
    status: openObject({
      parents: list(
        openObject({
          parentRef: openObject({ name: text }),
          controllerName: text,
          conditions: list(conditionSchema, ["type"]),
          observedGeneration: int64,
          attached: bool,
        }),
      ),
    }),
  },
  ["metadata", "spec"],
);
