// The values the API server fills into a pod template when it stores one. A ReplicaSet read back from a cluster has
// them, a Rollout's template does not; only with them can the two be compared (argo-rollouts-algorithms §2.1 step 5).

import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

type Change = (object: JsonObject) => JsonObject;

/** Sets what is absent or null; what is there stays. */
function withDefaults(object: JsonObject, defaults: JsonObject): JsonObject {
  const missing = entriesOf(defaults).filter(([key]) => (object[key] ?? null) === null);
  return { ...object, ...Object.fromEntries(missing) };
}

/** Sets what is absent, null or zero: Go's numbers and texts cannot tell zero from absent. */
function withZeroDefaults(object: JsonObject, defaults: JsonObject): JsonObject {
  const missing = entriesOf(defaults).filter(([key]) =>
    [undefined, null, 0, ""].some((empty) => object[key] === empty),
  );
  return { ...object, ...Object.fromEntries(missing) };
}

/** Changes the object under `key`, if there is one. */
function changeAt(object: JsonObject, key: string, change: Change): JsonObject {
  const value = ownProperty(object, key);
  return isJsonObject(value) ? { ...object, [key]: change(value) } : object;
}

/** Changes each object in the list under `key`, if there is one; a null in it stands for an empty object. */
function changeEach(object: JsonObject, key: string, change: Change): JsonObject {
  const value = ownProperty(object, key);
  if (!isJsonArray(value)) return object;
  const changed = value.map((item): Json => {
    if (item === null) return change({});
    return isJsonObject(item) ? change(item) : item;
  });
  return { ...object, [key]: changed };
}

function inOrder(object: JsonObject, changes: readonly Change[]): JsonObject {
  return changes.reduce((current, change) => change(current), object);
}

function at(key: string, change: Change): Change {
  return (object) => changeAt(object, key, change);
}

function each(key: string, change: Change): Change {
  return (object) => changeEach(object, key, change);
}

function defaulting(defaults: JsonObject): Change {
  return (object) => withDefaults(object, defaults);
}

function zeroDefaulting(defaults: JsonObject): Change {
  return (object) => withZeroDefaults(object, defaults);
}

const withHttpGet = at("httpGet", zeroDefaulting({ path: "/", scheme: "HTTP" }));
const withFieldRef = at("fieldRef", zeroDefaulting({ apiVersion: "v1" }));
const withFileMode = defaulting({ defaultMode: 0o644 });
const withDownwardItems = each("items", withFieldRef);

const withProbe: Change = (probe) =>
  inOrder(probe, [
    zeroDefaulting({
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    }),
    withHttpGet,
    at("grpc", defaulting({ service: "" })),
  ]);

/** A host (with a dot, a port, or "localhost"), a path, a tag and a digest: what the API server takes for an image. */
const IMAGE =
  /^(?:(?:localhost|[A-Za-z\d-]*[A-Z][A-Za-z\d-]*|[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+|[A-Za-z\d.-]+:\d+)\/|(?=[a-z\d]))[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*(?:\/[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*)*(?::(?<tag>\w[\w.-]{0,127}))?(?<digest>@[A-Za-z][\w+.-]*:[\da-fA-F]{2,})?$/;

/** The latest is pulled each time, and an image with neither tag nor digest means its latest. */
function pullPolicy(image: Json | undefined): string {
  const groups = typeof image === "string" ? IMAGE.exec(image)?.groups : undefined;
  if (groups === undefined) return "IfNotPresent";
  const tag = groups["tag"] ?? (groups["digest"] === undefined ? "latest" : "");
  return tag === "latest" ? "Always" : "IfNotPresent";
}

const withContainer: Change = (container) =>
  inOrder(container, [
    zeroDefaulting({
      imagePullPolicy: pullPolicy(container["image"]),
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
    }),
    each("ports", zeroDefaulting({ protocol: "TCP" })),
    each("env", at("valueFrom", withFieldRef)),
    each("env", at("valueFrom", at("fileKeyRef", defaulting({ optional: false })))),
    at("livenessProbe", withProbe),
    at("readinessProbe", withProbe),
    at("startupProbe", withProbe),
    at("lifecycle", at("postStart", withHttpGet)),
    at("lifecycle", at("preStop", withHttpGet)),
  ]);

/** On the host's network a container's port is the host's port. */
const withHostPorts: Change = each("ports", (port) =>
  withZeroDefaults(port, { hostPort: port["containerPort"] ?? 0 }),
);

const withProjectedSource: Change = (source) =>
  inOrder(source, [
    at("serviceAccountToken", defaulting({ expirationSeconds: 3600 })),
    at("downwardAPI", withDownwardItems),
  ]);

const VOLUME_CHANGES: readonly Change[] = [
  at("configMap", withFileMode),
  at("secret", withFileMode),
  at("downwardAPI", withFileMode),
  at("downwardAPI", withDownwardItems),
  at("projected", withFileMode),
  at("projected", each("sources", withProjectedSource)),
  at("hostPath", defaulting({ type: "" })),
  at("iscsi", zeroDefaulting({ iscsiInterface: "default" })),
  at("rbd", zeroDefaulting({ pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" })),
  at(
    "azureDisk",
    defaulting({ cachingMode: "ReadWrite", kind: "Shared", fsType: "ext4", readOnly: false }),
  ),
  at("scaleIO", zeroDefaulting({ storageMode: "ThinProvisioned", fsType: "xfs" })),
  at("ephemeral", at("volumeClaimTemplate", at("spec", defaulting({ volumeMode: "Filesystem" })))),
  at("image", (image) => withZeroDefaults(image, { pullPolicy: pullPolicy(image["reference"]) })),
];

/** A volume without a source is an empty directory. */
function withSource(volume: JsonObject): JsonObject {
  const hasSource = entriesOf(volume).some(([key, value]) => key !== "name" && value !== null);
  return hasSource ? volume : { ...volume, emptyDir: {} };
}

const withVolume: Change = (volume) => inOrder(withSource(volume), VOLUME_CHANGES);

/** `serviceAccount` is an old name for `serviceAccountName`; the API server keeps the two alike. */
function withServiceAccount(spec: JsonObject): JsonObject {
  const name = [spec["serviceAccountName"], spec["serviceAccount"]].find(
    (text) => typeof text === "string" && text !== "",
  );
  const rest = entriesOf(spec).filter(
    ([key]) => key !== "serviceAccount" && key !== "serviceAccountName",
  );
  return Object.fromEntries(name === undefined ? rest : [...rest, ["serviceAccountName", name]]);
}

const withPodSpec: Change = (spec) => {
  const containers = ["containers", "initContainers"];
  const isOnHost = spec["hostNetwork"] === true;
  return inOrder(spec, [
    zeroDefaulting({
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
    }),
    defaulting({ securityContext: {}, terminationGracePeriodSeconds: 30 }),
    withServiceAccount,
    ...containers.map((key) => each(key, withContainer)),
    ...(isOnHost ? containers.map((key) => each(key, withHostPorts)) : []),
    each("ephemeralContainers", withContainer),
    each("volumes", withVolume),
  ]);
};

/** The template as the API server would store it. The deprecated `serviceAccount` is folded into its successor. */
export function withPodTemplateDefaults(template: Json): Json {
  if (!isJsonObject(template)) return template;
  return withPodSpecIn(template);
}

function withPodSpecIn(template: JsonObject): JsonObject {
  const spec = ownProperty(template, "spec");
  return { ...template, spec: withPodSpec(isJsonObject(spec) ? spec : {}) };
}
