import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { applyMergePatch } from "../../lib/merge-patch.ts";
import { formatFieldError } from "../meta/field-error.ts";
import type { KubeObject } from "../meta/object.ts";
import { admit, invalidStatus, strictDecodingErrors } from "./admit.ts";

function object(
  apiVersion: string,
  kind: string,
  rest: JsonObject,
  name = "shop",
): KubeObject & JsonObject {
  return { apiVersion, kind, metadata: { name, namespace: "default", uid: "u-1" }, ...rest };
}

const template = {
  metadata: { labels: { app: "shop" } },
  spec: { containers: [{ name: "shop", image: "shop:v1" }] },
};
const selector = { matchLabels: { app: "shop" } };

function created(given: KubeObject): JsonObject {
  const { object: admitted, errors } = admit({ operation: "create", object: given });
  expect(errors.map((error) => formatFieldError(error))).toEqual([]);
  return admitted as unknown as JsonObject;
}

function errorsOf(given: KubeObject, old?: KubeObject): readonly string[] {
  const request = old
    ? ({ operation: "update", object: given, old } as const)
    : ({ operation: "create", object: given } as const);
  return admit(request).errors.map((error) => formatFieldError(error));
}

const podDefaults = {
  restartPolicy: "Always",
  dnsPolicy: "ClusterFirst",
  terminationGracePeriodSeconds: 30,
  schedulerName: "default-scheduler",
  securityContext: {},
};
const containerDefaults = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: "IfNotPresent",
  resources: {},
};

describe("defaults", () => {
  it("of a Pod, its containers, ports, probes and requests", () => {
    const given = object("v1", "Pod", {
      spec: {
        containers: [
          {
            name: "a",
            image: "shop",
            ports: [{ containerPort: 80 }],
            readinessProbe: { httpGet: { port: 80 } },
            env: [{ name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
          },
        ],
      },
    });
    expect(created(given)["spec"]).toEqual({
      ...podDefaults,
      enableServiceLinks: true,
      containers: [
        {
          ...containerDefaults,
          name: "a",
          image: "shop",
          imagePullPolicy: "Always",
          ports: [{ containerPort: 80, protocol: "TCP" }],
          readinessProbe: {
            httpGet: { port: 80, path: "/", scheme: "HTTP" },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          env: [
            {
              name: "N",
              valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } },
            },
          ],
          resources: {
            limits: { cpu: "1", memory: "1Gi" },
            requests: { cpu: "500m", memory: "1Gi" },
          },
        },
      ],
    });
  });

  it.each([
    ["shop", "Always"],
    ["shop:latest", "Always"],
    ["shop:v1", "IfNotPresent"],
    ["host:5000/shop", "Always"],
    ["shop@sha256:00", "IfNotPresent"],
  ])("of the pull policy of %s: %s", (image, policy) => {
    const pod = created(object("v1", "Pod", { spec: { containers: [{ name: "a", image }] } }));
    expect(pod).toMatchObject({ spec: { containers: [{ imagePullPolicy: policy }] } });
  });

  it("of a ReplicaSet and its template", () => {
    expect(
      created(object("apps/v1", "ReplicaSet", { spec: { selector, template } }))["spec"],
    ).toEqual({
      replicas: 1,
      selector,
      template: {
        metadata: template.metadata,
        spec: {
          ...podDefaults,
          containers: [{ ...containerDefaults, name: "shop", image: "shop:v1" }],
        },
      },
    });
  });

  it("of a Deployment", () => {
    expect(
      created(object("apps/v1", "Deployment", { spec: { selector, template } }))["spec"],
    ).toMatchObject({
      replicas: 1,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    const recreate = object("apps/v1", "Deployment", {
      spec: { selector, template, strategy: { type: "Recreate" } },
    });
    expect(created(recreate)).toMatchObject({ spec: { strategy: { type: "Recreate" } } });
  });

  it("of a Job: it finds its pods by its uid", () => {
    const spec = { template: { spec: { ...template.spec, restartPolicy: "Never" } } };
    const labels = {
      "batch.kubernetes.io/controller-uid": "u-1",
      "batch.kubernetes.io/job-name": "shop",
      "controller-uid": "u-1",
      "job-name": "shop",
    };
    expect(created(object("batch/v1", "Job", { spec }))["spec"]).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: "NonIndexed",
      suspend: false,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u-1" } },
      template: {
        metadata: { labels },
        spec: { restartPolicy: "Never", dnsPolicy: "ClusterFirst" },
      },
    });
  });

  it("of a Service", () => {
    const spec = { selector: { app: "shop" }, ports: [{ port: 80 }] };
    expect(created(object("v1", "Service", { spec }))["spec"]).toEqual({
      ...spec,
      type: "ClusterIP",
      sessionAffinity: "None",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    });
  });

  it("of a Secret: stringData becomes data and is not stored", () => {
    const secret = created(
      object("v1", "Secret", { data: { a: "YQ==", b: "eA==" }, stringData: { b: "ü" } }),
    );
    expect(secret).toEqual(
      object("v1", "Secret", { type: "Opaque", data: { a: "YQ==", b: "w7w=" } }),
    );
  });

  it("of an HTTPRoute, from its schema", () => {
    const spec = {
      parentRefs: [{ name: "gw" }],
      rules: [{ backendRefs: [{ name: "shop", port: 80 }] }],
    };
    expect(created(object("gateway.networking.k8s.io/v1", "HTTPRoute", { spec }))["spec"]).toEqual({
      parentRefs: [{ name: "gw", group: "gateway.networking.k8s.io", kind: "Gateway" }],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ name: "shop", port: 80, group: "", kind: "Service", weight: 1 }],
        },
      ],
    });
  });

  it("of a Rollout: only what Argo's CRD has, so its steps and shares stay as written", () => {
    const ports = {
      ...template,
      spec: { containers: [{ name: "a", image: "b", ports: [{ containerPort: 1 }] }] },
    };
    const spec = {
      selector,
      template: ports,
      strategy: { canary: { maxSurge: "25", steps: [{ setWeight: 5 }] } },
    };
    const rollout = created(object("argoproj.io/v1alpha1", "Rollout", { spec }));
    expect(rollout["spec"]).toEqual(
      applyMergePatch(spec, {
        template: {
          spec: {
            containers: [{ name: "a", image: "b", ports: [{ containerPort: 1, protocol: "TCP" }] }],
          },
        },
      }),
    );
  });

  it("of a datadog provider", () => {
    const metrics = [{ name: "m", provider: { datadog: { query: "q" } } }];
    const admitted = created(
      object("argoproj.io/v1alpha1", "AnalysisTemplate", { spec: { metrics } }),
    );
    expect(admitted).toMatchObject({
      spec: {
        metrics: [
          {
            provider: {
              datadog: { query: "q", apiVersion: "v1", interval: "5m", requestTimeout: "10s" },
            },
          },
        ],
      },
    });
  });
});

describe("what nobody knows", () => {
  it("is kept, in objects of known kinds and in whole kinds", () => {
    const spec = { strategy: { canary: {} }, futureField: { a: [1] } };
    expect(created(object("argoproj.io/v1alpha1", "Rollout", { spec, other: 1 }))).toMatchObject({
      spec,
      other: 1,
    });
    const route = object("example.com/v1", "Thing", { spec: { a: null } });
    expect(created(route)).toEqual(route);
  });
  it("is dropped where it is null", () => {
    const spec = { strategy: { canary: {} }, replicas: null };
    expect(created(object("argoproj.io/v1alpha1", "Rollout", { spec }))["spec"]).toEqual({
      strategy: { canary: {} },
    });
  });
  it("is an error only to a strict reader", () => {
    const spec = { strategy: { canary: { steps: [{ setWeigth: 5 }] } } };
    expect(strictDecodingErrors(object("argoproj.io/v1alpha1", "Rollout", { spec }))).toEqual([
      'unknown field "spec.strategy.canary.steps[0].setWeigth"',
    ]);
  });
});

describe("types", () => {
  const rollout = object("argoproj.io/v1alpha1", "Rollout", {
    spec: { replicas: "3", paused: "yes", restartAt: "noon", strategy: { blueGreen: {} } },
  });
  it("are checked before anything else, all at once", () => {
    expect(errorsOf(rollout)).toEqual([
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      'spec.paused: Invalid value: "string": spec.paused in body must be of type boolean: "string"',
      'spec.restartAt: Invalid value: "noon": spec.restartAt in body must be of type date-time: "noon"',
      "spec.strategy.blueGreen.activeService: Required value",
    ]);
  });
  it("make an Invalid status with causes", () => {
    const { errors } = admit({ operation: "create", object: rollout });
    expect(invalidStatus(rollout, errors.slice(0, 1))).toEqual({
      message:
        'Rollout.argoproj.io "shop" is invalid: spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      details: {
        name: "shop",
        group: "argoproj.io",
        kind: "Rollout",
        causes: [
          {
            reason: "FieldValueTypeInvalid",
            message:
              'Invalid value: "string": spec.replicas in body must be of type integer: "string"',
            field: "spec.replicas",
          },
        ],
      },
    });
    expect(invalidStatus(rollout, errors).message).toMatch(
      /is invalid: \[spec\.replicas: .*, spec\.paused: .*\]$/,
    );
  });
  it("of a spec that is missing", () => {
    expect(errorsOf(object("argoproj.io/v1alpha1", "Rollout", {}))).toEqual([
      "spec: Required value",
    ]);
  });
  it("do not refuse words in a status that a later version may know", () => {
    const status = { phase: "Sleeping" };
    expect(errorsOf(object("argoproj.io/v1alpha1", "Rollout", { spec: {}, status }))).toEqual([]);
  });
});

interface Row {
  readonly name: string;
  readonly object: KubeObject;
  readonly errors: readonly string[];
}

const pod = (containers: Json, more: JsonObject = {}): KubeObject =>
  object("v1", "Pod", { spec: { containers, ...more } });
const container = (more: JsonObject): Json => [{ name: "a", image: "b", ...more }];
const at = "spec.containers[0]";

const rows: readonly Row[] = [
  { name: "no containers", object: pod([]), errors: ["spec.containers: Required value"] },
  { name: "no image", object: pod([{ name: "a" }]), errors: [`${at}.image: Required value`] },
  {
    name: "the same container twice",
    object: pod([
      { name: "a", image: "b" },
      { name: "a", image: "b" },
    ]),
    errors: ['spec.containers[1].name: Duplicate value: "a"'],
  },
  {
    name: "an init container with a container's name",
    object: pod([{ name: "a", image: "b" }], { initContainers: [{ name: "a", image: "b" }] }),
    errors: ['spec.initContainers[0].name: Duplicate value: "a"'],
  },
  {
    name: "a port out of range",
    object: pod(container({ ports: [{ containerPort: 70000 }] })),
    errors: [
      `${at}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
    ],
  },
  {
    name: "two ports of one name",
    object: pod(
      container({
        ports: [
          { name: "h", containerPort: 1 },
          { name: "h", containerPort: 2 },
        ],
      }),
    ),
    errors: [`${at}.ports[1].name: Duplicate value: "h"`],
  },
  {
    name: "an unknown protocol",
    object: pod(container({ ports: [{ containerPort: 1, protocol: "HTTP" }] })),
    errors: [
      `${at}.ports[0].protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"`,
    ],
  },
  {
    name: "environment names",
    object: pod(container({ env: [{ name: "" }, { name: "A=B" }] })),
    errors: [
      `${at}.env[0].name: Required value`,
      `${at}.env[1].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  },
  {
    name: "a value beside valueFrom",
    object: pod(
      container({
        env: [{ name: "A", value: "1", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      }),
    ),
    errors: [
      `${at}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
    ],
  },
  {
    name: "a probe that does nothing",
    object: pod(container({ readinessProbe: { periodSeconds: -1 } })),
    errors: [
      `${at}.readinessProbe: Required value: must specify a handler type`,
      `${at}.readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
    ],
  },
  {
    name: "a probe that does two things",
    object: pod(container({ livenessProbe: { tcpSocket: { port: 1 }, httpGet: { port: 1 } } })),
    errors: [`${at}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`],
  },
  {
    name: "a liveness probe that wants two successes",
    object: pod(container({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } })),
    errors: [`${at}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
  },
  {
    name: "a request above its limit",
    object: pod(container({ resources: { limits: { cpu: "100m" }, requests: { cpu: "1" } } })),
    errors: [
      `${at}.resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 100m`,
    ],
  },
  {
    name: "an amount that is none",
    object: pod(container({ resources: { limits: { cpu: "much" } } })),
    errors: [
      `${at}.resources.limits.cpu: Invalid value: "much": ${at}.resources.limits.cpu in body must be of type quantity: "much"`,
    ],
  },
  {
    name: "a ReplicaSet whose selector is not its template's",
    object: object("apps/v1", "ReplicaSet", {
      spec: { selector: { matchLabels: { app: "x" } }, template },
    }),
    errors: [
      'spec.template.metadata.labels: Invalid value: {"app":"shop"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: "an empty selector",
    object: object("apps/v1", "Deployment", { spec: { selector: {}, template } }),
    errors: ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
  },
  {
    name: "a Job that does not say what happens on failure",
    object: object("batch/v1", "Job", { spec: { template: { spec: template.spec } } }),
    errors: [
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
  },
  {
    name: "a Job that restarts always",
    object: object("batch/v1", "Job", {
      spec: { template: { spec: { ...template.spec, restartPolicy: "Always" } } },
    }),
    errors: [
      'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"',
    ],
  },
  {
    name: "a Service without ports",
    object: object("v1", "Service", { spec: {} }),
    errors: ["spec.ports: Required value"],
  },
  {
    name: "a Service of two ports without names",
    object: object("v1", "Service", { spec: { ports: [{ port: 1 }, { port: 0 }] } }),
    errors: [
      "spec.ports[0].name: Required value",
      "spec.ports[1].name: Required value",
      "spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
  },
  {
    name: "a Service of an unknown type",
    object: object("v1", "Service", { spec: { type: "Public", ports: [{ port: 1 }] } }),
    errors: [
      'spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  },
  {
    name: "a Secret whose data is no base64",
    object: object("v1", "Secret", { data: { a: "?" } }),
    errors: ['data.a: Invalid value: "?": data.a in body must be of type byte: "?"'],
  },
  {
    name: "a Gateway without listeners",
    object: object("gateway.networking.k8s.io/v1", "Gateway", {
      spec: { gatewayClassName: "h", listeners: [] },
    }),
    errors: [
      "spec.listeners: Invalid value: 0: spec.listeners in body should have at least 1 items",
    ],
  },
];

describe("rules", () => {
  it.each(rows)("$name", ({ object: given, errors }) => {
    expect(errorsOf(given)).toEqual(errors);
  });
  it("a Service's name begins with a letter", () => {
    const [error] = errorsOf(object("v1", "Service", { spec: { ports: [{ port: 1 }] } }, "1shop"));
    expect(error).toMatch(
      /^metadata\.name: Invalid value: "1shop": a DNS-1035 label must consist of/,
    );
  });
});

describe("immutable fields", () => {
  const change = (given: KubeObject & JsonObject, patch: JsonObject): KubeObject =>
    applyMergePatch(given, patch) as unknown as KubeObject;
  const rollout = object("argoproj.io/v1alpha1", "Rollout", { spec: { selector, template } });
  const job = object("batch/v1", "Job", {
    spec: { template: { spec: { ...template.spec, restartPolicy: "Never" } } },
  });

  it("the selector of a Rollout, which may come and go", () => {
    expect(
      errorsOf(change(rollout, { spec: { selector: { matchLabels: { app: "b" } } } }), rollout),
    ).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: .spec.selector is immutable',
    ]);
    expect(errorsOf(change(rollout, { spec: { selector: null } }), rollout)).toEqual([]);
    expect(errorsOf(rollout, change(rollout, { spec: { selector: null } }))).toEqual([]);
  });
  it("the selector of a ReplicaSet", () => {
    const before = object("apps/v1", "ReplicaSet", { spec: { selector, template } });
    const labels = { app: "b" };
    const after = change(before, {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } },
    });
    expect(errorsOf(after, before)).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ]);
  });
  it("the template of a Job, but not its parallelism", () => {
    const before = created(job) as unknown as KubeObject & JsonObject;
    expect(errorsOf(change(before, { spec: { parallelism: 3 } }), before)).toEqual([]);
    const [error, ...others] = errorsOf(
      change(before, { spec: { template: { spec: { restartPolicy: "OnFailure" } } } }),
      before,
    );
    expect(error).toMatch(/^spec\.template: Invalid value: \{.*\}: field is immutable$/);
    expect(others).toEqual([]);
  });
  it("lets a Pod be put on a node, once", () => {
    const before = created(pod([{ name: "a", image: "b:1" }])) as unknown as KubeObject &
      JsonObject;
    const bound = change(before, {
      spec: { ...(before["spec"] as JsonObject), nodeName: "local" },
    });
    expect(errorsOf(bound, before)).toEqual([]);
    const moved = change(before, {
      spec: { ...(before["spec"] as JsonObject), nodeName: "other" },
    });
    expect(errorsOf(moved, bound)).toHaveLength(1);
  });

  it("the spec of a Pod, but for its images", () => {
    const before = created(pod([{ name: "a", image: "b:1" }])) as unknown as KubeObject &
      JsonObject;
    const spec = before["spec"] as unknown as { readonly containers: readonly JsonObject[] };
    const withContainer = (more: JsonObject): KubeObject =>
      change(before, { spec: { containers: [{ ...spec.containers[0], ...more }] } });
    expect(errorsOf(withContainer({ image: "b:2" }), before)).toEqual([]);
    expect(errorsOf(withContainer({ command: ["x"] }), before)).toEqual([
      expect.stringMatching(/^spec: Forbidden: pod updates may not change fields other than/),
    ]);
  });
  it("the data of a sealed ConfigMap", () => {
    const before = object("v1", "ConfigMap", { data: { a: "1" }, immutable: true });
    expect(errorsOf(change(before, { data: { a: "2" } }), before)).toEqual([
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
  });
  it("and rules are not asked when only metadata changes: old objects must stay deletable", () => {
    const old = object("v1", "Pod", { spec: { containers: [] } });
    expect(errorsOf(change(old, { metadata: { finalizers: ["a"] } }), old)).toEqual([]);
    expect(errorsOf(change(old, { spec: { nodeName: "n" } }), old)).not.toEqual([]);
  });
  it("are not asked of a status write", () => {
    const status = { observedGeneration: "1" };
    const object = change(rollout, { status, spec: { selector: { matchLabels: { app: "b" } } } });
    expect(
      admit({ operation: "update", subresource: "status", object, old: rollout }).errors,
    ).toEqual([]);
  });
});
