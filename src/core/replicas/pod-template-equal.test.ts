import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { marshalPodTemplate } from "./go-marshal.ts";
import { withPodTemplateDefaults } from "./pod-template-defaults.ts";
import { templatesEqual } from "./pod-template-equal.ts";

function template(
  container: JsonObject = {},
  spec: JsonObject = {},
  metadata: JsonObject = {},
): Json {
  return {
    metadata: { labels: { app: "web" }, ...metadata },
    spec: { containers: [{ name: "app", image: "web:1", ...container }], ...spec },
  };
}

const STORED_CONTAINER = {
  imagePullPolicy: "IfNotPresent",
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  resources: {},
};
const STORED_SPEC = {
  dnsPolicy: "ClusterFirst",
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

/** A template as a cluster gives it back. */
function stored(
  container: JsonObject = {},
  spec: JsonObject = {},
  metadata: JsonObject = {},
): Json {
  return template({ ...STORED_CONTAINER, ...container }, { ...STORED_SPEC, ...spec }, metadata);
}

const hash = "rollouts-pod-template-hash";
const injectedTerm = {
  labelSelector: { matchExpressions: [{ key: hash, operator: "In", values: ["abc"] }] },
  namespaces: ["default"],
  topologyKey: "kubernetes.io/hostname",
};
const ownTerm = { labelSelector: { matchLabels: { app: "web" } }, topologyKey: "zone" };
const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

describe("templates that mean the same", () => {
  const table: readonly [string, Json, Json][] = [
    ["plain defaults", stored(), template()],
    ["creation timestamp", stored({}, {}, { creationTimestamp: null }), template()],
    ["hash label", stored({}, {}, { labels: { app: "web", [hash]: "abc" } }), template()],
    [
      "no tag: always pulled",
      stored({ image: "web", imagePullPolicy: "Always" }),
      template({ image: "web" }),
    ],
    [
      "latest",
      stored({ image: "r:5000/web:latest", imagePullPolicy: "Always" }),
      template({ image: "r:5000/web:latest" }),
    ],
    [
      "a registry's port is no tag",
      stored({ image: "r:5000/web", imagePullPolicy: "Always" }),
      template({ image: "r:5000/web" }),
    ],
    ["digest", stored({ image: "web@sha256:0a" }), template({ image: "web@sha256:0a" })],
    [
      "probe",
      stored({
        livenessProbe: {
          httpGet: { path: "/", port: 80, scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      }),
      template({ livenessProbe: { httpGet: { port: 80 } } }),
    ],
    [
      "grpc probe",
      stored({
        startupProbe: {
          grpc: { port: 1, service: "" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      }),
      template({ startupProbe: { grpc: { port: 1 } } }),
    ],
    [
      "lifecycle",
      stored({ lifecycle: { preStop: { httpGet: { path: "/", port: 80, scheme: "HTTP" } } } }),
      template({ lifecycle: { preStop: { httpGet: { port: 80 } } } }),
    ],
    [
      "ports",
      stored({ ports: [{ containerPort: 80, protocol: "TCP" }] }),
      template({ ports: [{ containerPort: 80 }] }),
    ],
    [
      "host network",
      stored(
        { ports: [{ containerPort: 80, hostPort: 80, protocol: "TCP" }] },
        { hostNetwork: true },
      ),
      template({ ports: [{ containerPort: 80 }] }, { hostNetwork: true }),
    ],
    [
      "env",
      stored({
        env: [
          { name: "A", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
          { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "0" } } },
        ],
      }),
      template({
        env: [
          { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        ],
      }),
    ],
    [
      "volumes",
      stored(
        {},
        {
          volumes: [
            { name: "a", emptyDir: {} },
            { name: "b", configMap: { name: "c", defaultMode: 420 } },
            { name: "c", secret: { secretName: "s", defaultMode: 420 } },
            { name: "d", hostPath: { path: "/x", type: "" } },
            {
              name: "e",
              projected: {
                defaultMode: 420,
                sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }],
              },
            },
          ],
        },
      ),
      template(
        {},
        {
          volumes: [
            { name: "a" },
            { name: "b", configMap: { name: "c" } },
            { name: "c", secret: { secretName: "s" } },
            { name: "d", hostPath: { path: "/x" } },
            { name: "e", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
          ],
        },
      ),
    ],
    [
      "service account",
      stored({}, { serviceAccountName: "sa", serviceAccount: "sa" }),
      template({}, { serviceAccountName: "sa" }),
    ],
    [
      "old service account",
      stored({}, { serviceAccountName: "sa", serviceAccount: "sa" }),
      template({}, { serviceAccount: "sa" }),
    ],
    [
      "quantities",
      stored({ resources: { limits: { cpu: "1500m", memory: "1Gi" } } }),
      template({ resources: { limits: { cpu: "1.500", memory: "1024Mi" } } }),
    ],
    [
      "empty collections",
      stored({ env: [], args: null }, { volumes: [], nodeSelector: {} }),
      template(),
    ],
    ["unknown fields", stored({}, { frobnicate: true }), template()],
    [
      "init containers",
      stored({}, { initContainers: [{ name: "i", image: "i:1", ...STORED_CONTAINER }] }),
      template({}, { initContainers: [{ name: "i", image: "i:1" }] }),
    ],
    [
      "injected anti-affinity",
      stored({}, { affinity: { podAntiAffinity: { [required]: [injectedTerm] } } }),
      template(),
    ],
    [
      "injected beside the user's own",
      stored(
        {},
        {
          affinity: {
            podAntiAffinity: {
              [preferred]: [
                { weight: 5, podAffinityTerm: ownTerm },
                { weight: 1, podAffinityTerm: injectedTerm },
              ],
            },
          },
        },
      ),
      template(
        {},
        {
          affinity: { podAntiAffinity: { [preferred]: [{ weight: 5, podAffinityTerm: ownTerm }] } },
        },
      ),
    ],
  ];
  it.each(table)("%s", (_name, live, desired) => {
    expect(templatesEqual(live, desired)).toBe(true);
  });

  it("does not count what was injected into the live one", () => {
    const live = stored(
      {},
      {},
      { labels: { app: "web", role: "canary" }, annotations: { note: "x" } },
    );
    const injected = { labels: { role: "canary" }, annotations: { note: "x" } };
    expect(templatesEqual(live, template(), injected)).toBe(true);
    expect(templatesEqual(live, template())).toBe(false);
    expect(templatesEqual(live, template(), { ...injected, labels: { role: "stable" } })).toBe(
      false,
    );
  });
});

describe("templates that differ", () => {
  const table: readonly [string, Json, Json][] = [
    ["image", stored({ image: "web:2" }), template()],
    ["pull policy", stored({ imagePullPolicy: "Always" }), template()],
    ["label", stored({}, {}, { labels: { app: "other" } }), template()],
    ["grace period of zero", stored({}, { terminationGracePeriodSeconds: 0 }), template()],
    [
      "quantity",
      stored({ resources: { limits: { cpu: "1" } } }),
      template({ resources: { limits: { cpu: "2" } } }),
    ],
    [
      "an empty directory and none",
      stored({}, { volumes: [{ name: "a", emptyDir: {} }] }),
      template(),
    ],
    [
      "own anti-affinity",
      stored({}, { affinity: { podAntiAffinity: { [required]: [ownTerm] } } }),
      template(),
    ],
    [
      "order of containers' arguments",
      stored({ args: ["a", "b"] }),
      template({ args: ["b", "a"] }),
    ],
    [
      "env value",
      stored({ env: [{ name: "A", value: "1" }] }),
      template({ env: [{ name: "A", value: "2" }] }),
    ],
    [
      "service account",
      stored({}, { serviceAccountName: "a" }),
      template({}, { serviceAccountName: "b" }),
    ],
    ["privileged or not", stored({ securityContext: { privileged: false } }), template()],
  ];
  it.each(table)("%s", (_name, live, desired) => {
    expect(templatesEqual(live, desired)).toBe(false);
  });
});

interface Vector {
  readonly name: string;
  readonly template: Json;
  /** The template after Kubernetes' own defaulting. */
  readonly stored?: Json;
}
const file = readFileSync(new URL("./pod-template-hash.vectors.json", import.meta.url), "utf8");
const { vectors } = JSON.parse(file) as { readonly vectors: readonly Vector[] };
const storedVectors = vectors.flatMap(({ name, template, stored }) =>
  stored === undefined ? [] : [[name, template, stored] as const],
);

describe("defaults", () => {
  it.each(storedVectors)("are those of Kubernetes: %s", (_name, desired, live) => {
    expect(templatesEqual(live, desired)).toBe(true);
    // The deprecated name of the service account is folded on both sides, so it takes one pass over the live one too.
    expect(marshalPodTemplate(withPodTemplateDefaults(desired))).toBe(
      marshalPodTemplate(withPodTemplateDefaults(live)),
    );
  });

  it("have vectors", () => {
    expect(storedVectors.length).toBeGreaterThanOrEqual(15);
  });

  it("are stable: filled in twice is filled in once", () => {
    const once = withPodTemplateDefaults(
      template(
        { image: "web", ports: [{ containerPort: 1 }], readinessProbe: { tcpSocket: { port: 1 } } },
        {
          hostNetwork: true,
          volumes: [{ name: "a" }, { name: "b", rbd: { image: "i", monitors: ["m"] } }],
        },
      ),
    );
    expect(withPodTemplateDefaults(once)).toEqual(once);
  });

  it("leave what is set", () => {
    const set = template(
      {
        imagePullPolicy: "Never",
        ports: [{ containerPort: 1, protocol: "UDP" }],
        terminationMessagePolicy: "FallbackToLogsOnError",
      },
      {
        restartPolicy: "OnFailure",
        terminationGracePeriodSeconds: 0,
        dnsPolicy: "None",
        securityContext: { runAsUser: 5 },
      },
    );
    expect(withPodTemplateDefaults(set)).toMatchObject(set as object);
  });
});
