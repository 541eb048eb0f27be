import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../api/meta/object.ts";
import { resourceTypeOf, resourceTypes } from "../../../api/resources.ts";
import { isJsonArray, isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { columnsOf } from "./registry.ts";
import { tableOf } from "./table.ts";

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const created = "2026-01-01T11:55:00Z";

function rowsOf(table: JsonObject): readonly JsonObject[] {
  const { rows } = table;
  return isJsonArray(rows) ? rows.filter((row) => isJsonObject(row)) : [];
}

/** The one row of an object, by column name. */
function row(
  apiVersion: string,
  kind: string,
  parts: object,
  metadata: object = {},
): Record<string, unknown> {
  const type = resourceTypeOf(apiVersion, kind);
  if (!type) throw new Error(`no kind ${kind}`);
  const object = {
    apiVersion,
    kind,
    metadata: { name: "x", creationTimestamp: created, ...metadata },
    ...parts,
  } as KubeObject;
  const columns = columnsOf(type);
  const [only] = rowsOf(tableOf([object], {}, { columns, nowMs, includeObject: "None" }));
  const cells = only?.["cells"];
  return Object.fromEntries(
    columns.map(({ name }, index) => [name, isJsonArray(cells) ? cells[index] : undefined]),
  );
}

const running = {
  state: { running: { startedAt: created } },
  ready: true,
  restartCount: 0,
  name: "c",
  started: true,
};
const spec = { containers: [{ name: "c" }], nodeName: "laptop" };
const ready = [{ type: "Ready", status: "True" }];

describe("the pod's columns", () => {
  it.each<[string, object, object, object, string, string, string]>([
    ["pending", spec, { phase: "Pending" }, {}, "0/1", "Pending", "0"],
    [
      "running",
      spec,
      { phase: "Running", conditions: ready, containerStatuses: [running] },
      {},
      "1/1",
      "Running",
      "0",
    ],
    [
      "waiting with a reason",
      spec,
      {
        phase: "Running",
        containerStatuses: [
          {
            ...running,
            ready: false,
            restartCount: 4,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T11:59:00Z" } },
          },
        ],
      },
      {},
      "0/1",
      "CrashLoopBackOff",
      "4 (60s ago)",
    ],
    [
      "image not there",
      spec,
      {
        phase: "Pending",
        containerStatuses: [
          { ...running, ready: false, state: { waiting: { reason: "ErrImagePull" } } },
        ],
      },
      {},
      "0/1",
      "ErrImagePull",
      "0",
    ],
    [
      "first init container at work",
      { ...spec, initContainers: [{ name: "i" }, { name: "j" }] },
      {
        phase: "Pending",
        initContainerStatuses: [
          { ...running, name: "i", ready: false },
          {
            ...running,
            name: "j",
            ready: false,
            state: { waiting: { reason: "PodInitializing" } },
          },
        ],
      },
      {},
      "0/1",
      "Init:0/2",
      "0",
    ],
    [
      "second init container failing",
      { ...spec, initContainers: [{ name: "i" }, { name: "j" }] },
      {
        phase: "Pending",
        initContainerStatuses: [
          { ...running, name: "i", state: { terminated: { exitCode: 0 } } },
          {
            ...running,
            name: "j",
            restartCount: 2,
            state: { waiting: { reason: "CrashLoopBackOff" } },
          },
        ],
        containerStatuses: [
          { ...running, ready: false, state: { waiting: { reason: "PodInitializing" } } },
        ],
      },
      {},
      "0/1",
      "Init:CrashLoopBackOff",
      "2",
    ],
    [
      "init container ended by a signal",
      { ...spec, initContainers: [{ name: "i" }] },
      {
        phase: "Pending",
        initContainerStatuses: [
          { ...running, name: "i", state: { terminated: { exitCode: 137, signal: 9 } } },
        ],
      },
      {},
      "0/1",
      "Init:Signal:9",
      "0",
    ],
    [
      "init container ended with a code",
      { ...spec, initContainers: [{ name: "i" }] },
      {
        phase: "Pending",
        initContainerStatuses: [{ ...running, name: "i", state: { terminated: { exitCode: 3 } } }],
      },
      {},
      "0/1",
      "Init:ExitCode:3",
      "0",
    ],
    [
      "with a sidecar",
      { ...spec, initContainers: [{ name: "s", restartPolicy: "Always" }] },
      {
        phase: "Running",
        conditions: ready,
        initContainerStatuses: [{ ...running, name: "s", restartCount: 1 }],
        containerStatuses: [running],
      },
      {},
      "2/2",
      "Running",
      "1",
    ],
    [
      "completed",
      spec,
      {
        phase: "Succeeded",
        containerStatuses: [
          { ...running, ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } },
        ],
      },
      {},
      "0/1",
      "Completed",
      "0",
    ],
    [
      "one of two completed, the other not ready",
      { containers: [{ name: "a" }, { name: "b" }] },
      {
        phase: "Running",
        containerStatuses: [
          { ...running, ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } },
          running,
        ],
      },
      {},
      "1/2",
      "NotReady",
      "0",
    ],
    [
      "one of two completed, the pod ready",
      { containers: [{ name: "a" }, { name: "b" }] },
      {
        phase: "Running",
        conditions: ready,
        containerStatuses: [
          { ...running, ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } },
          running,
        ],
      },
      {},
      "1/2",
      "Running",
      "0",
    ],
    [
      "ended without a reason",
      spec,
      {
        phase: "Failed",
        containerStatuses: [{ ...running, ready: false, state: { terminated: { exitCode: 2 } } }],
      },
      {},
      "0/1",
      "ExitCode:2",
      "0",
    ],
    ["evicted", spec, { phase: "Failed", reason: "Evicted" }, {}, "0/1", "Evicted", "0"],
    [
      "being deleted",
      spec,
      { phase: "Running", conditions: ready, containerStatuses: [running] },
      { deletionTimestamp: created },
      "1/1",
      "Terminating",
      "0",
    ],
    [
      "being deleted after its end",
      spec,
      { phase: "Succeeded" },
      { deletionTimestamp: created },
      "0/1",
      "Succeeded",
      "0",
    ],
  ])("%s", (_name, ...[podSpec, status, metadata, readyText, statusText, restarts]) => {
    expect(row("v1", "Pod", { spec: podSpec, status }, metadata)).toMatchObject({
      Name: "x",
      Ready: readyText,
      Status: statusText,
      Restarts: restarts,
      Age: "5m",
    });
  });

  it("shows address, node and readiness gates when asked for wide output", () => {
    const gated = { ...spec, readinessGates: [{ conditionType: "a" }, { conditionType: "b" }] };
    const status = {
      phase: "Running",
      podIP: "127.0.0.1",
      conditions: [{ type: "a", status: "True" }],
    };
    expect(row("v1", "Pod", { spec: gated, status })).toMatchObject({
      IP: "127.0.0.1",
      Node: "laptop",
      "Nominated Node": "<none>",
      "Readiness Gates": "1/2",
    });
  });
});

const template = {
  metadata: { labels: { app: "shop" } },
  spec: {
    containers: [
      { name: "a", image: "i" },
      { name: "b", image: "j" },
    ],
  },
};
const selector = { matchLabels: { app: "shop" } };

describe("the columns of other kinds", () => {
  it.each<[string, string, object, object]>([
    [
      "apps/v1",
      "ReplicaSet",
      { spec: { replicas: 3, selector, template }, status: { replicas: 2, readyReplicas: 1 } },
      { Desired: 3, Current: 2, Ready: 1, Containers: "a,b", Images: "i,j", Selector: "app=shop" },
    ],
    [
      "apps/v1",
      "ReplicaSet",
      { spec: { selector, template } },
      { Desired: 0, Current: 0, Ready: 0 },
    ],
    [
      "apps/v1",
      "Deployment",
      {
        spec: { replicas: 3, selector, template },
        status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
      },
      { Ready: "1/3", "Up-to-date": 2, Available: 1 },
    ],
    [
      "batch/v1",
      "Job",
      {
        spec: { completions: 3, template },
        status: { succeeded: 1, startTime: "2026-01-01T11:59:30Z" },
      },
      { Status: "Running", Completions: "1/3", Duration: "30s" },
    ],
    [
      "batch/v1",
      "Job",
      {
        spec: { template },
        status: {
          succeeded: 1,
          startTime: "2026-01-01T11:59:30Z",
          completionTime: "2026-01-01T11:59:45Z",
          conditions: [{ type: "Complete", status: "True" }],
        },
      },
      { Status: "Complete", Completions: "1/1", Duration: "15s" },
    ],
    [
      "batch/v1",
      "Job",
      {
        spec: { template, parallelism: 4 },
        status: { conditions: [{ type: "Failed", status: "True" }] },
      },
      { Status: "Failed", Completions: "0/1 of 4", Duration: "" },
    ],
    [
      "v1",
      "Service",
      {
        spec: {
          ports: [{ port: 80 }, { port: 53, protocol: "UDP", nodePort: 30053 }],
          selector: { app: "shop", tier: "web" },
        },
      },
      {
        Type: "ClusterIP",
        "Cluster-IP": "<none>",
        "External-IP": "<none>",
        "Port(s)": "80/TCP,53:30053/UDP",
        Selector: "app=shop,tier=web",
      },
    ],
    [
      "v1",
      "Service",
      { spec: { type: "LoadBalancer" } },
      { "External-IP": "<pending>", "Port(s)": "<none>" },
    ],
    [
      "v1",
      "Service",
      {
        spec: { type: "LoadBalancer", clusterIP: "10.0.0.1" },
        status: { loadBalancer: { ingress: [{ ip: "127.0.0.1" }, { hostname: "h" }] } },
      },
      { "Cluster-IP": "10.0.0.1", "External-IP": "127.0.0.1,h" },
    ],
    [
      "v1",
      "Service",
      {
        spec: { type: "LoadBalancer", ports: [{ port: 80 }, { port: 81 }] },
        status: {
          loadBalancer: {
            ingress: [
              {
                ip: "127.0.0.1",
                ports: [
                  { port: 34567, protocol: "TCP" },
                  { port: 81, protocol: "TCP" },
                ],
              },
            ],
          },
        },
      },
      { "External-IP": "127.0.0.1", "Port(s)": "80:34567/TCP,81/TCP" },
    ],
    [
      "v1",
      "Service",
      { spec: { type: "ExternalName", externalName: "example.com" } },
      { "External-IP": "example.com" },
    ],
    [
      "discovery.k8s.io/v1",
      "EndpointSlice",
      {
        addressType: "IPv4",
        ports: [{ port: 80 }],
        endpoints: [
          { addresses: ["1"] },
          { addresses: ["2"] },
          { addresses: ["3"] },
          { addresses: ["4"] },
        ],
      },
      { AddressType: "IPv4", Ports: "80", Endpoints: "1,2,3 + 1 more..." },
    ],
    [
      "discovery.k8s.io/v1",
      "EndpointSlice",
      { addressType: "IPv4", endpoints: [] },
      { Ports: "<unset>", Endpoints: "<unset>" },
    ],
    ["v1", "ConfigMap", { data: { a: "1" }, binaryData: { b: "AA==" } }, { Data: 2 }],
    ["v1", "Secret", { data: { a: "AA==" } }, { Type: "Opaque", Data: 1 }],
    ["v1", "Namespace", { status: { phase: "Active" } }, { Status: "Active" }],
    ["coordination.k8s.io/v1", "Lease", { spec: { holderIdentity: "me" } }, { Holder: "me" }],
    [
      "v1",
      "PodTemplate",
      { template },
      { Containers: "a,b", Images: "i,j", "Pod Labels": "app=shop" },
    ],
    [
      "gateway.networking.k8s.io/v1",
      "Gateway",
      {
        spec: { gatewayClassName: "haldane" },
        status: {
          addresses: [{ value: "127.0.0.1" }],
          conditions: [{ type: "Programmed", status: "True" }],
        },
      },
      { Class: "haldane", Address: "127.0.0.1", Programmed: "True" },
    ],
    [
      "gateway.networking.k8s.io/v1",
      "Gateway",
      { spec: {} },
      { Class: null, Address: null, Programmed: null },
    ],
    [
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      { spec: { hostnames: ["a.example", "b.example"] } },
      { Hostnames: '["a.example","b.example"]' },
    ],
    [
      "argoproj.io/v1alpha1",
      "Rollout",
      { spec: { replicas: 5 }, status: { replicas: 6, updatedReplicas: 2, availableReplicas: 5 } },
      { Desired: 5, Current: 6, "Up-to-date": 2, Available: 5 },
    ],
    [
      "argoproj.io/v1alpha1",
      "Rollout",
      {},
      { Desired: null, Current: null, "Up-to-date": null, Available: null },
    ],
    ["argoproj.io/v1alpha1", "AnalysisRun", { status: { phase: "Failed" } }, { Status: "Failed" }],
    ["argoproj.io/v1alpha1", "Experiment", {}, { Status: null }],
    ["argoproj.io/v1alpha1", "AnalysisTemplate", {}, { Name: "x" }],
    ["argoproj.io/v1alpha1", "ClusterAnalysisTemplate", {}, { Name: "x" }],
  ])("%s %s: %#", (apiVersion, kind, parts, expected) => {
    expect(row(apiVersion, kind, parts)).toMatchObject(expected);
  });

  it("tells when an event happened last and first, whoever reported it", () => {
    const involvedObject = { kind: "Rollout", name: "shop" };
    const classic = {
      involvedObject,
      type: "Normal",
      reason: "R",
      message: " m\n",
      count: 3,
      firstTimestamp: "2026-01-01T11:00:00Z",
      lastTimestamp: "2026-01-01T11:59:00Z",
      source: { component: "c", host: "h" },
    };
    expect(row("v1", "Event", classic)).toMatchObject({
      "Last Seen": "60s",
      "First Seen": "60m",
      Object: "rollout/shop",
      Message: "m",
      Count: 3,
      Source: "c, h",
      Name: "x",
    });
    const newer = {
      involvedObject,
      eventTime: "2026-01-01T11:50:00.123456Z",
      series: { count: 7, lastObservedTime: "2026-01-01T11:58:00Z" },
      reportingComponent: "r",
    };
    expect(row("v1", "Event", newer)).toMatchObject({
      "Last Seen": "2m",
      "First Seen": "9m59s",
      Count: 7,
      Source: "r",
    });
  });

  it("shows an age for every kind but events, and a name for all", () => {
    for (const type of resourceTypes) {
      const names = columnsOf(type).map(({ name }) => name);
      expect(names, type.kind).toContain("Name");
      if (type.kind !== "Event" && type.kind !== "PodTemplate")
        expect(names, type.kind).toContain("Age");
    }
  });

  it("keeps a list readable when one object in it is malformed", () => {
    expect(row("v1", "Service", {})).toMatchObject({ Name: "x", Type: "<malformed>", Age: "5m" });
    expect(row("apps/v1", "ReplicaSet", {})).toMatchObject({ Name: "x", Desired: null, Age: "5m" });
  });
});

describe("tableOf", () => {
  const type = resourceTypeOf("v1", "ConfigMap");
  const columns = type ? columnsOf(type) : [];
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x" },
    data: {},
  } as KubeObject;

  it.each([
    ["None", undefined],
    [
      "Metadata",
      { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "x" } },
    ],
    ["Object", object],
  ] as const)("includes %s", (includeObject, expected) => {
    const table = tableOf([object], { resourceVersion: "7" }, { columns, nowMs, includeObject });
    expect(table).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "7" },
    });
    expect(rowsOf(table)[0]?.["object"]).toEqual(expected);
  });

  it("marks the columns of wide output", () => {
    const pods = resourceTypeOf("v1", "Pod");
    const { columnDefinitions } = tableOf(
      [],
      {},
      { columns: pods ? columnsOf(pods) : [], nowMs, includeObject: "None" },
    );
    const wide = isJsonArray(columnDefinitions)
      ? columnDefinitions.filter((each) => isJsonObject(each) && each["priority"] === 1)
      : [];
    expect(wide.map((each) => (isJsonObject(each) ? each["name"] : ""))).toEqual([
      "IP",
      "Node",
      "Nominated Node",
      "Readiness Gates",
    ]);
  });
});
