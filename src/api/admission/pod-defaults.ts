// Defaults of pods and pod templates, as the API server fills them in.
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

/** `object` over `defaults`: only what nobody wrote is filled in. */
export function fill(object: JsonObject, defaults: JsonObject): JsonObject {
  return { ...defaults, ...object };
}

/** The object with one field changed, if that is an object; as it is otherwise. */
export function inField(
  object: JsonObject,
  key: string,
  change: (value: JsonObject) => JsonObject,
): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? { ...object, [key]: change(value) } : object;
}

/** The object with every object of one list changed. */
export function inItems(
  object: JsonObject,
  key: string,
  change: (item: JsonObject) => JsonObject,
): JsonObject {
  const value = object[key];
  if (!isJsonArray(value)) return object;
  return { ...object, [key]: value.map((item) => (isJsonObject(item) ? change(item) : item)) };
}

function withProbeDefaults(probe: JsonObject): JsonObject {
  const filled = fill(probe, {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  return inField(filled, "httpGet", (action) => fill(action, { path: "/", scheme: "HTTP" }));
}

function withHookDefaults(lifecycle: JsonObject): JsonObject {
  const withAction = (hook: JsonObject): JsonObject =>
    inField(hook, "httpGet", (action) => fill(action, { path: "/", scheme: "HTTP" }));
  return inField(inField(lifecycle, "preStop", withAction), "postStart", withAction);
}

function withEnvDefaults(variable: JsonObject): JsonObject {
  return inField(variable, "valueFrom", (source) =>
    inField(source, "fieldRef", (reference) => fill(reference, { apiVersion: "v1" })),
  );
}

/** `Always` for `:latest` and images without a tag; a digest is a tag. */
function pullPolicyOf(image: Json | undefined): string {
  if (typeof image !== "string" || image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

function withContainerDefaults(container: JsonObject): JsonObject {
  const filled = fill(container, {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: pullPolicyOf(container["image"]),
    resources: {},
  });
  const probed = ["livenessProbe", "readinessProbe", "startupProbe"].reduce(
    (at, name) => inField(at, name, withProbeDefaults),
    filled,
  );
  const withPorts = inItems(probed, "ports", (port) => fill(port, { protocol: "TCP" }));
  return inField(inItems(withPorts, "env", withEnvDefaults), "lifecycle", withHookDefaults);
}

export function withPodSpecDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
    securityContext: {},
  });
  return ["containers", "initContainers", "ephemeralContainers"].reduce(
    (at, name) => inItems(at, name, withContainerDefaults),
    filled,
  );
}

/** A limit without a request is also the request; only for pods, not for templates. */
export function withRequestDefaults(spec: JsonObject): JsonObject {
  const inContainer = (container: JsonObject): JsonObject =>
    inField(container, "resources", (resources) => {
      const { limits, requests } = resources;
      if (!isJsonObject(limits)) return resources;
      return { ...resources, requests: { ...limits, ...(isJsonObject(requests) ? requests : {}) } };
    });
  return inItems(inItems(spec, "containers", inContainer), "initContainers", inContainer);
}

export function withTemplateDefaults(template: JsonObject): JsonObject {
  return inField(template, "spec", withPodSpecDefaults);
}
