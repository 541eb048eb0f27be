// Schemas of where and as whom pods run: affinity, tolerations, spreading, security contexts.
import { labelSelectorSchema } from "./meta.ts";
import { atomic, bool, int32, int64, list, object, openObject, strings, text } from "./schema.ts";

const nodeRequirement = object({ key: text, operator: text, values: strings }, ["key", "operator"]);
const nodeTerm = atomic(
  object({ matchExpressions: list(nodeRequirement), matchFields: list(nodeRequirement) }),
);

const podTerm = object(
  {
    labelSelector: labelSelectorSchema,
    namespaceSelector: labelSelectorSchema,
    namespaces: strings,
    topologyKey: text,
    matchLabelKeys: strings,
    mismatchLabelKeys: strings,
  },
  ["topologyKey"],
);

const podTerms = object({
  requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object({ weight: int32, podAffinityTerm: podTerm }, ["weight", "podAffinityTerm"]),
  ),
});

export const affinitySchema = object({
  nodeAffinity: object({
    requiredDuringSchedulingIgnoredDuringExecution: atomic(
      object({ nodeSelectorTerms: list(nodeTerm) }, ["nodeSelectorTerms"]),
    ),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      object({ weight: int32, preference: nodeTerm }, ["weight", "preference"]),
    ),
  }),
  podAffinity: podTerms,
  podAntiAffinity: podTerms,
});

export const tolerationSchema = object({
  key: text,
  operator: text,
  value: text,
  effect: text,
  tolerationSeconds: int64,
});

export const topologySpreadConstraintSchema = object(
  {
    maxSkew: int32,
    topologyKey: text,
    whenUnsatisfiable: text,
    labelSelector: labelSelectorSchema,
    matchLabelKeys: strings,
    minDomains: int32,
    nodeAffinityPolicy: text,
    nodeTaintsPolicy: text,
  },
  ["maxSkew", "topologyKey", "whenUnsatisfiable"],
);

const profile = object({ type: text, localhostProfile: text }, ["type"]);
const seLinuxOptions = object({ level: text, role: text, type: text, user: text });
const windowsOptions = openObject({
  gmsaCredentialSpecName: text,
  runAsUserName: text,
  hostProcess: bool,
});

const runAsFields = {
  runAsUser: int64,
  runAsGroup: int64,
  runAsNonRoot: bool,
  seLinuxOptions,
  windowsOptions,
  seccompProfile: profile,
  appArmorProfile: profile,
};

export const securityContextSchema = object({
  ...runAsFields,
  privileged: bool,
  allowPrivilegeEscalation: bool,
  readOnlyRootFilesystem: bool,
  procMount: text,
  capabilities: object({ add: strings, drop: strings }),
});

export const podSecurityContextSchema = object({
  ...runAsFields,
  fsGroup: int64,
  fsGroupChangePolicy: text,
  supplementalGroups: list(int64),
  supplementalGroupsPolicy: text,
  seLinuxChangePolicy: text,
  sysctls: list(object({ name: text, value: text }, ["name", "value"])),
});
