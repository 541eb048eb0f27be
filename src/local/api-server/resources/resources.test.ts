import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../../api/kubernetes/pod.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { startTestServer, textOf, type TestServer } from "../api-server.test-support.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(() => api.close());

const configMaps = "/api/v1/namespaces/default/configmaps";
const rollouts = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";
const deployments = "/apis/apps/v1/namespaces/default/deployments";

const template = {
  metadata: { labels: { app: "x" } },
  spec: { containers: [{ name: "c", image: "dir:./v1" }] },
};
const rolloutSpec = {
  replicas: 2,
  selector: { matchLabels: { app: "x" } },
  template,
  strategy: { canary: {} },
};

function configMap(name: string, data: JsonObject = {}, labels: JsonObject = {}): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data };
}

function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => {
    if (isJsonArray(inner) && typeof key === "number") return inner[key];
    return isJsonObject(inner) ? inner[key] : undefined;
  }, value);
}

function names(list: JsonObject): readonly (Json | undefined)[] {
  const { items } = list;
  return isJsonArray(items) ? items.map((item) => at(item, "metadata", "name")) : [];
}

describe("create", () => {
  it("answers 201 with the object as it is stored", async () => {
    const { status, json } = await api.ask("POST", configMaps, {
      body: configMap("created", { a: "1" }),
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      kind: "ConfigMap",
      metadata: { name: "created", namespace: "default" },
      data: { a: "1" },
    });
    expect(at(json, "metadata", "uid")).toBeTypeOf("string");
    expect((await api.ask("GET", `${configMaps}/created`)).json).toEqual(json);
  });

  it("fills in apiVersion, kind and namespace from the path", async () => {
    const { json } = await api.ask("POST", configMaps, { body: { metadata: { name: "bare" } } });
    expect(json).toMatchObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "default" },
    });
  });

  it("makes a name from generateName", async () => {
    const { json } = await api.ask("POST", configMaps, {
      body: { metadata: { generateName: "some-" } },
    });
    expect(at(json, "metadata", "name")).toMatch(/^some-[a-z0-9]{5}$/);
  });

  it("reads YAML", async () => {
    const body = "metadata:\n  name: from-yaml\ndata: {a: 'x: y'}\n";
    const { status } = await api.ask("POST", configMaps, {
      body,
      headers: { "content-type": "application/yaml" },
    });
    expect(status).toBe(201);
    expect((await api.ask("GET", `${configMaps}/from-yaml`)).json).toMatchObject({
      data: { a: "x: y" },
    });
  });

  it("stores nothing on a dry run", async () => {
    const { status, json } = await api.ask("POST", `${configMaps}?dryRun=All`, {
      body: configMap("dry"),
    });
    expect([status, at(json, "metadata", "name")]).toEqual([201, "dry"]);
    expect((await api.ask("GET", `${configMaps}/dry`)).status).toBe(404);
  });

  it("notes who wrote what: the manager given, or else the client's name", async () => {
    await api.ask("POST", `${configMaps}?fieldManager=me`, {
      body: configMap("managed", { a: "1" }),
    });
    const headers = { "user-agent": "kubectl/v1.32.4 (linux/amd64)" };
    await api.ask("POST", configMaps, { body: configMap("managed-2", { a: "1" }), headers });
    const managers = await Promise.all(
      ["managed", "managed-2"].map(async (name) => {
        const { json } = await api.ask("GET", `${configMaps}/${name}`);
        return at(json, "metadata", "managedFields", 0, "manager");
      }),
    );
    expect(managers).toEqual(["me", "kubectl"]);
  });

  it("completes events somebody reports without times", async () => {
    const body = {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "p", namespace: "default" },
      reason: "R",
    };
    const { json } = await api.ask("POST", "/api/v1/namespaces/default/events", { body });
    expect(json).toMatchObject({ type: "Normal", count: 1 });
    expect(json["firstTimestamp"]).toBe(json["lastTimestamp"]);
    expect(json["lastTimestamp"]).toMatch(/^\d{4}-/);
  });
});

describe("refusals are Status objects in Kubernetes' form", () => {
  const status = (
    code: number,
    reason: string,
    message: RegExp | string,
    details?: object,
  ): object => ({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    code,
    reason,
    message: typeof message === "string" ? message : expect.stringMatching(message),
    ...(details === undefined ? {} : { details }),
  });

  beforeAll(async () => {
    await api.ask("POST", configMaps, { body: configMap("there") });
    await api.ask("POST", rollouts, { body: { metadata: { name: "there" }, spec: rolloutSpec } });
  });

  it.each<[string, string, string, JsonObject | string | undefined, object]>([
    [
      "not found",
      "GET",
      `${configMaps}/none`,
      undefined,
      status(404, "NotFound", 'configmaps "none" not found', { name: "none", kind: "configmaps" }),
    ],
    [
      "not found in a group",
      "GET",
      `${rollouts}/none`,
      undefined,
      status(404, "NotFound", 'rollouts.argoproj.io "none" not found', {
        name: "none",
        group: "argoproj.io",
        kind: "rollouts",
      }),
    ],
    [
      "delete of nothing",
      "DELETE",
      `${configMaps}/none`,
      undefined,
      status(404, "NotFound", 'configmaps "none" not found'),
    ],
    [
      "already there",
      "POST",
      configMaps,
      configMap("there"),
      status(409, "AlreadyExists", 'configmaps "there" already exists', {
        name: "there",
        kind: "configmaps",
      }),
    ],
    [
      "stale version",
      "PUT",
      `${configMaps}/there`,
      { metadata: { name: "there", resourceVersion: "999999" } },
      status(
        409,
        "Conflict",
        /^Operation cannot be fulfilled on configmaps "there": the object has been modified/,
      ),
    ],
    [
      "bad name",
      "POST",
      configMaps,
      configMap("Not_A_Name"),
      status(422, "Invalid", /^ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value/),
    ],
    [
      "no namespace",
      "POST",
      "/api/v1/namespaces/none/configmaps",
      configMap("x"),
      status(404, "NotFound", 'namespaces "none" not found'),
    ],
    [
      "other namespace in the body",
      "POST",
      configMaps,
      { metadata: { name: "x", namespace: "other" } },
      status(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
      ),
    ],
    [
      "other name in the body",
      "PUT",
      `${configMaps}/there`,
      { metadata: { name: "else" } },
      status(
        400,
        "BadRequest",
        "the name of the object (else) does not match the name on the URL (there)",
      ),
    ],
    [
      "other kind",
      "POST",
      configMaps,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } },
      status(400, "BadRequest", /kind in the data \(Secret\)/),
    ],
    [
      "other version",
      "POST",
      configMaps,
      { apiVersion: "v2", kind: "ConfigMap", metadata: { name: "x" } },
      status(
        400,
        "BadRequest",
        /API version in the data \(v2\) does not match the expected API version \(v1\)/,
      ),
    ],
    ["no JSON", "POST", configMaps, "{nope", status(400, "BadRequest", /is not valid JSON/)],
    ["no object", "POST", configMaps, "[1]", status(400, "BadRequest", /must be one object/)],
    ["nothing", "POST", configMaps, "", status(400, "BadRequest", /no body/)],
    [
      "unknown kind",
      "GET",
      "/api/v1/namespaces/default/gadgets",
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "unknown group",
      "GET",
      "/apis/nope.io/v1/things",
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "unknown path",
      "GET",
      "/nope",
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "unknown subresource",
      "GET",
      `${configMaps}/there/scale`,
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "a namespaced kind without namespace",
      "GET",
      "/api/v1/configmaps/there",
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "a cluster-scoped kind with one",
      "GET",
      "/apis/argoproj.io/v1alpha1/namespaces/default/clusteranalysistemplates",
      undefined,
      status(404, "NotFound", "the server could not find the requested resource"),
    ],
    [
      "wrong method",
      "PUT",
      configMaps,
      configMap("x"),
      status(405, "MethodNotAllowed", /does not allow this method/),
    ],
    [
      "create in all namespaces",
      "POST",
      "/api/v1/configmaps",
      configMap("x"),
      status(405, "MethodNotAllowed", /does not allow this method/),
    ],
    [
      "bad label selector",
      "GET",
      `${configMaps}?labelSelector=a%20b%20c`,
      undefined,
      status(400, "BadRequest", /unable to parse requirement/),
    ],
    [
      "bad limit",
      "GET",
      `${configMaps}?limit=x`,
      undefined,
      status(400, "BadRequest", /limit must be a whole number/),
    ],
    [
      "bad continue",
      "GET",
      `${configMaps}?limit=1&continue=%20x`,
      undefined,
      status(400, "BadRequest", /continue key is not valid/),
    ],
    [
      "bad dry run",
      "POST",
      `${configMaps}?dryRun=Some`,
      configMap("x"),
      status(422, "Invalid", /dryRun: Unsupported value: "Some"/),
    ],
    [
      "bad field validation",
      "POST",
      `${configMaps}?fieldValidation=Maybe`,
      configMap("x"),
      status(422, "Invalid", /fieldValidation: Unsupported value: "Maybe"/),
    ],
    [
      "version match without version",
      "GET",
      `${configMaps}?resourceVersionMatch=Exact`,
      undefined,
      status(422, "Invalid", /forbidden unless resourceVersion is provided/),
    ],
    [
      "a version from the future",
      "GET",
      `${configMaps}?resourceVersion=99999999&resourceVersionMatch=NotOlderThan`,
      undefined,
      status(504, "Timeout", /Too large resource version/),
    ],
    [
      "a scale below zero",
      "PUT",
      `${rollouts}/there/scale`,
      { spec: { replicas: -1 } },
      status(422, "Invalid", /spec.replicas/),
    ],
    [
      "a scale that is none",
      "PUT",
      `${rollouts}/there/scale`,
      { apiVersion: "v1", kind: "Pod", spec: { replicas: 1 } },
      status(400, "BadRequest", /must be an autoscaling\/v1 Scale, not v1 Pod/),
    ],
    [
      "a wrong deletion policy",
      "DELETE",
      `${configMaps}/there`,
      { propagationPolicy: "Later" },
      status(422, "Invalid", /propagationPolicy: Unsupported value: "Later"/),
    ],
    [
      "deletion of another incarnation",
      "DELETE",
      `${configMaps}/there`,
      { preconditions: { uid: "other" } },
      status(
        409,
        "Conflict",
        /the UID in the precondition \(other\) does not match the UID in record/,
      ),
    ],
  ])("%s", async (_name, method, path, body, expected) => {
    const answer = await api.ask(
      method,
      path,
      body === undefined ? {} : { body, headers: { "content-type": "application/json" } },
    );
    expect(answer.json).toMatchObject(expected);
    expect(answer.status).toBe(answer.json["code"]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  it("refuses bodies it cannot read, and answers JSON to those who would rather have protobuf", async () => {
    const send = async (type: string): Promise<JsonObject> =>
      (await api.ask("POST", configMaps, { body: "k8s\0?", headers: { "content-type": type } }))
        .json;
    const message = /unknown format \(text\/csv\).*application\/json/;
    expect(await send("text/csv")).toMatchObject(status(415, "UnsupportedMediaType", message));
    expect(await send("application/vnd.kubernetes.protobuf")).toMatchObject(
      status(400, "BadRequest", /not valid protobuf/),
    );
    const both = await api.ask("GET", configMaps, {
      headers: { accept: "application/vnd.kubernetes.protobuf,application/json" },
    });
    expect([both.status, both.headers["content-type"]]).toEqual([200, "application/json"]);
    const only = await api.ask("GET", configMaps, {
      headers: { accept: "application/vnd.kubernetes.protobuf" },
    });
    expect(only.json).toMatchObject(status(406, "NotAcceptable", /media types are accepted/));
  });
});

describe("unknown fields", () => {
  const body = { metadata: { name: "typo" }, spec: { ...rolloutSpec, stratgy: {}, replcas: 3 } };

  it("are refused with fieldValidation=Strict", async () => {
    const { status, json } = await api.ask("POST", `${rollouts}?fieldValidation=Strict`, { body });
    expect(status).toBe(400);
    expect(json["message"]).toBe(
      'Rollout in version "v1alpha1" cannot be handled as a Rollout: strict decoding error: unknown field "spec.stratgy", unknown field "spec.replcas"',
    );
    expect((await api.ask("GET", `${rollouts}/typo`)).status).toBe(404);
  });

  it.each([[""], ["&fieldValidation=Warn"]])(
    "are warned about by default: %s",
    async (parameter) => {
      const { status, headers } = await api.ask("POST", `${rollouts}?dryRun=All${parameter}`, {
        body,
      });
      expect(status).toBe(201);
      expect([headers["warning"]].flat().join(", ")).toBe(
        '299 - "unknown field \\"spec.stratgy\\"", 299 - "unknown field \\"spec.replcas\\""',
      );
    },
  );

  it("are nobody's business with fieldValidation=Ignore", async () => {
    const { status, headers } = await api.ask(
      "POST",
      `${rollouts}?dryRun=All&fieldValidation=Ignore`,
      { body },
    );
    expect([status, headers["warning"]]).toEqual([201, undefined]);
  });

  it("are found in patches of every kind, but directives and deletions are no fields", async () => {
    await api.ask("POST", deployments, {
      body: { metadata: { name: "patched" }, spec: { selector: rolloutSpec.selector, template } },
    });
    const patch = (type: string, patchBody: Json): Promise<number> =>
      api
        .ask("PATCH", `${deployments}/patched?fieldValidation=Strict&fieldManager=me`, {
          body: patchBody,
          headers: { "content-type": type },
        })
        .then(({ status }) => status);
    expect(await patch("application/merge-patch+json", { spec: { replcas: 1 } })).toBe(400);
    expect(
      await patch("application/merge-patch+json", { spec: { replcas: null, replicas: 2 } }),
    ).toBe(200);
    expect(await patch("application/strategic-merge-patch+json", { spec: { replcas: 1 } })).toBe(
      400,
    );
    expect(
      await patch("application/strategic-merge-patch+json", {
        spec: {
          template: {
            spec: {
              "$setElementOrder/containers": [{ name: "c" }],
              containers: [{ name: "c", image: "dir:./v2" }],
            },
          },
        },
      }),
    ).toBe(200);
    expect(
      await patch("application/json-patch+json", [{ op: "add", path: "/spec/replcas", value: 1 }]),
    ).toBe(400);
    expect(
      await patch("application/json-patch+json", [{ op: "add", path: "/spec/replicas", value: 1 }]),
    ).toBe(200);
    expect(
      await patch("application/apply-patch+yaml", {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "patched" },
        spec: { replcas: 1 },
      }),
    ).toBe(400);
    const { json } = await api.ask("GET", `${deployments}/patched`);
    expect(json).toMatchObject({
      spec: { replicas: 1, template: { spec: { containers: [{ image: "dir:./v2" }] } } },
    });
    expect(at(json, "spec", "replcas")).toBeUndefined();
  });
});

describe("lists", () => {
  beforeAll(async () => {
    await api.ask("POST", "/api/v1/namespaces", { body: { metadata: { name: "lists" } } });
    for (const name of ["a", "b", "c", "d", "e"]) {
      const body = configMap(name, {}, { odd: String(["a", "c", "e"].includes(name)) });
      await api.ask("POST", "/api/v1/namespaces/lists/configmaps", { body });
    }
  });
  const path = "/api/v1/namespaces/lists/configmaps";

  it("carry their kind and the version they were read at", async () => {
    const { json } = await api.ask("GET", path);
    expect(json).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
    expect(at(json, "metadata", "resourceVersion")).toMatch(/^\d+$/);
    expect(names(json)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it.each([
    ["labelSelector=odd%3Dtrue", ["a", "c", "e"]],
    ["labelSelector=odd%20notin%20(true)", ["b", "d"]],
    ["labelSelector=odd%3Dtrue&fieldSelector=metadata.name%3Dc", ["c"]],
    ["fieldSelector=metadata.name%3Dc%2Cmetadata.namespace%3Dlists", ["c"]],
    ["fieldSelector=metadata.name%3Dnone", []],
  ])("select: %s", async (query, expected) => {
    expect(names((await api.ask("GET", `${path}?${query}`)).json)).toEqual(expected);
  });

  it("span all namespaces", async () => {
    const { json } = await api.ask("GET", "/api/v1/configmaps?labelSelector=odd");
    expect(names(json)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("come in pages, all of one version", async () => {
    const first = (await api.ask("GET", `${path}?limit=2`)).json;
    await api.ask("POST", path, { body: configMap("bb") });
    const second = (
      await api.ask("GET", `${path}?limit=2&continue=${textOf(at(first, "metadata", "continue"))}`)
    ).json;
    const third = (
      await api.ask("GET", `${path}?limit=2&continue=${textOf(at(second, "metadata", "continue"))}`)
    ).json;
    expect([names(first), names(second), names(third)]).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect([
      at(first, "metadata", "remainingItemCount"),
      at(third, "metadata", "continue"),
    ]).toEqual([3, undefined]);
    const versions = [first, second, third].map((page) => at(page, "metadata", "resourceVersion"));
    expect(new Set(versions).size).toBe(1);
    await api.ask("DELETE", `${path}/bb`);
  });

  it("can be had as they were at a version", async () => {
    const before = (await api.ask("GET", path)).json;
    await api.ask("POST", path, { body: configMap("late") });
    const version = textOf(at(before, "metadata", "resourceVersion"));
    const exact = (
      await api.ask("GET", `${path}?resourceVersion=${version}&resourceVersionMatch=Exact`)
    ).json;
    const notOlder = (await api.ask("GET", `${path}?resourceVersion=${version}`)).json;
    expect([names(exact).includes("late"), names(notOlder).includes("late")]).toEqual([
      false,
      true,
    ]);
    await api.ask("DELETE", `${path}/late`);
  });

  it("can be had as metadata only, as YAML, in lines", async () => {
    const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    const metadata = await api.ask("GET", path, { headers: { accept } });
    expect(metadata.json).toMatchObject({ kind: "PartialObjectMetadataList" });
    expect(at(metadata.json, "items", 0)).toMatchObject({
      kind: "PartialObjectMetadata",
      metadata: { name: "a" },
    });
    expect(at(metadata.json, "items", 0, "data")).toBeUndefined();
    const yaml = await api.ask("GET", `${path}/a`, { headers: { accept: "application/yaml" } });
    expect([
      yaml.headers["content-type"],
      yaml.text.startsWith("apiVersion: v1\nkind: ConfigMap\n"),
    ]).toEqual(["application/yaml", true]);
    expect((await api.ask("GET", `${path}/a?pretty=true`)).text).toContain(
      '{\n  "apiVersion": "v1",\n',
    );
  });

  it("are tables for those who ask", async () => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    const { json, headers } = await api.ask("GET", `${path}?labelSelector=odd%3Dfalse`, {
      headers: { accept },
    });
    expect(headers["content-type"]).toBe("application/json;as=Table;v=v1;g=meta.k8s.io");
    expect(json).toMatchObject({
      kind: "Table",
      rows: [{ cells: ["b", 0, expect.any(String)] }, { cells: ["d", 0, expect.any(String)] }],
    });
    const one = await api.ask("GET", `${path}/a?includeObject=Object`, { headers: { accept } });
    expect(at(one.json, "rows", 0, "object")).toMatchObject({
      kind: "ConfigMap",
      metadata: { name: "a" },
    });
  });
});

describe("update and patch", () => {
  const patchTypes: readonly [string, Json][] = [
    ["application/merge-patch+json", { data: { a: "2", b: null } }],
    ["application/strategic-merge-patch+json", { data: { a: "2", b: null } }],
    [
      "application/json-patch+json",
      [
        { op: "replace", path: "/data/a", value: "2" },
        { op: "remove", path: "/data/b" },
      ],
    ],
  ];

  it.each(patchTypes)("patches with %s", async (type, body) => {
    const name = `patch-${type.length}`;
    await api.ask("POST", configMaps, { body: configMap(name, { a: "1", b: "1" }) });
    const { status, json } = await api.ask("PATCH", `${configMaps}/${name}`, {
      body,
      headers: { "content-type": type },
    });
    expect([status, json["data"]]).toEqual([200, { a: "2" }]);
  });

  it("applies: 201 when it creates, 200 when it changes, 409 with causes when another manager owns the field", async () => {
    const apply = (manager: string, data: JsonObject, more = ""): ReturnType<TestServer["ask"]> =>
      api.ask("PATCH", `${configMaps}/applied?fieldManager=${manager}${more}`, {
        body: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: ${JSON.stringify(data)}\n`,
        headers: { "content-type": "application/apply-patch+yaml" },
      });
    expect((await apply("one", { a: "1", b: "1" })).status).toBe(201);
    expect((await apply("one", { a: "2", b: "1" })).status).toBe(200);
    const conflict = await apply("two", { a: "3" });
    expect(conflict.json).toMatchObject({
      code: 409,
      reason: "Conflict",
      message: expect.stringContaining('conflict with "one"'),
      details: { causes: [{ reason: "FieldManagerConflict", field: ".data.a" }] },
    });
    expect((await apply("two", { a: "3" }, "&force=true")).json).toMatchObject({
      data: { a: "3", b: "1" },
    });
  });

  it("refuses what no patch can be", async () => {
    await api.ask("POST", configMaps, { body: configMap("refuse") });
    const patch = (query: string, type: string, body: Json): Promise<unknown> =>
      api
        .ask("PATCH", `${configMaps}/refuse?${query}`, { body, headers: { "content-type": type } })
        .then(({ json }) => json["message"]);
    expect(await patch("", "application/json", {})).toMatch(/unknown format \(application\/json\)/);
    expect(await patch("", "application/json-patch+json", { op: "add" })).toBe(
      "a JSON patch must be a list of operations",
    );
    expect(await patch("", "application/apply-patch+yaml", {})).toMatch(
      /fieldManager: Required value/,
    );
    expect(await patch("force=true", "application/merge-patch+json", {})).toMatch(
      /force: Forbidden/,
    );
    await api.ask("POST", rollouts, { body: { metadata: { name: "refuse" }, spec: rolloutSpec } });
    const strategic = await api.ask("PATCH", `${rollouts}/refuse`, {
      body: {},
      headers: { "content-type": "application/strategic-merge-patch+json" },
    });
    expect(strategic.status).toBe(415);
  });

  it("keeps status and the rest apart", async () => {
    const path = `${rollouts}/parts`;
    await api.ask("POST", rollouts, {
      body: { metadata: { name: "parts" }, spec: rolloutSpec, status: { phase: "Healthy" } },
    });
    const merge = { "content-type": "application/merge-patch+json" };
    await api.ask("PATCH", `${path}/status`, {
      body: { spec: { replicas: 9 }, status: { phase: "Degraded" } },
      headers: merge,
    });
    await api.ask("PATCH", path, {
      body: { spec: { replicas: 3 }, status: { phase: "Healthy" } },
      headers: merge,
    });
    const { json } = await api.ask("GET", `${path}/status`);
    expect(json).toMatchObject({
      spec: { replicas: 3 },
      status: { phase: "Degraded" },
      metadata: { generation: 2 },
    });
    await api.ask("PUT", `${path}/status`, { body: { ...json, status: { phase: "Paused" } } });
    expect((await api.ask("GET", path)).json).toMatchObject({ status: { phase: "Paused" } });
  });

  it("replaces the whole object with PUT", async () => {
    const { json } = await api.ask("POST", configMaps, {
      body: configMap("put", { a: "1", b: "1" }),
    });
    const { status, json: replaced } = await api.ask("PUT", `${configMaps}/put`, {
      body: { ...json, data: { c: "1" } },
    });
    expect([status, replaced["data"]]).toEqual([200, { c: "1" }]);
    const stale = await api.ask("PUT", `${configMaps}/put`, { body: { ...json, data: {} } });
    expect(stale.json).toMatchObject({ code: 409, reason: "Conflict" });
  });

  it("scales", async () => {
    const path = `${rollouts}/scaled/scale`;
    await api.ask("POST", rollouts, { body: { metadata: { name: "scaled" }, spec: rolloutSpec } });
    expect((await api.ask("GET", path)).json).toMatchObject({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      spec: { replicas: 2 },
    });
    const put = await api.ask("PUT", path, {
      body: {
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name: "scaled" },
        spec: { replicas: 4 },
      },
    });
    expect(put.json).toMatchObject({ kind: "Scale", spec: { replicas: 4 } });
    const patch = await api.ask("PATCH", path, {
      body: { spec: { replicas: 5 } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(patch.json).toMatchObject({ kind: "Scale", spec: { replicas: 5 } });
    expect((await api.ask("GET", `${rollouts}/scaled`)).json).toMatchObject({
      spec: { replicas: 5, strategy: { canary: {} } },
    });
  });
});

describe("delete", () => {
  it("answers with a Status when the object has gone", async () => {
    const { json } = await api.ask("POST", configMaps, { body: configMap("gone") });
    const deleted = await api.ask("DELETE", `${configMaps}/gone`);
    expect(deleted.status).toBe(200);
    expect(deleted.json).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "gone", kind: "configmaps", uid: at(json, "metadata", "uid") },
    });
    expect((await api.ask("GET", `${configMaps}/gone`)).status).toBe(404);
  });

  it("answers with the object while something holds it", async () => {
    const body = { metadata: { name: "held", finalizers: ["example.com/hold"] } };
    await api.ask("POST", configMaps, { body });
    const deleted = await api.ask("DELETE", `${configMaps}/held`);
    expect(deleted.json).toMatchObject({
      kind: "ConfigMap",
      metadata: { name: "held", deletionTimestamp: expect.any(String) },
    });
    const released = await api.ask("PATCH", `${configMaps}/held`, {
      body: { metadata: { finalizers: null } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(released.status).toBe(200);
    expect((await api.ask("GET", `${configMaps}/held`)).status).toBe(404);
  });

  it("reads options from body and query, and changes nothing on a dry run", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    await api.ask("POST", pods, {
      body: {
        metadata: { name: "p" },
        spec: { nodeName: "here", containers: [{ name: "c", image: "i" }] },
      },
    });
    expect((await api.ask("DELETE", `${pods}/p?dryRun=All`)).status).toBe(200);
    expect((await api.ask("DELETE", `${pods}/p`, { body: { dryRun: ["All"] } })).status).toBe(200);
    expect(
      (
        await api.ask("DELETE", `${pods}/p?dryRun=All`, {
          body: { preconditions: { uid: "other" } },
        })
      ).status,
    ).toBe(409);
    const graceful = await api.ask("DELETE", `${pods}/p?gracePeriodSeconds=7`);
    expect(graceful.json).toMatchObject({
      kind: "Pod",
      metadata: { deletionGracePeriodSeconds: 7 },
    });
    const forced = await api.ask("DELETE", `${pods}/p?gracePeriodSeconds=7`, {
      body: { gracePeriodSeconds: 0 },
    });
    expect(forced.json).toMatchObject({ kind: "Status", status: "Success" });
  });

  it("deletes collections by selector", async () => {
    for (const name of ["c1", "c2", "c3"]) {
      await api.ask("POST", configMaps, {
        body: configMap(name, {}, { group: name === "c3" ? "keep" : "go" }),
      });
    }
    const deleted = await api.ask("DELETE", `${configMaps}?labelSelector=group%3Dgo`);
    expect(names(deleted.json)).toEqual(["c1", "c2"]);
    expect(names((await api.ask("GET", `${configMaps}?labelSelector=group`)).json)).toEqual(["c3"]);
  });

  it("evicts pods", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    await api.ask("POST", pods, {
      body: { metadata: { name: "evicted" }, spec: { containers: [{ name: "c", image: "i" }] } },
    });
    const wrong = await api.ask("POST", `${pods}/evicted/eviction`, {
      body: { metadata: { name: "other" } },
    });
    expect(wrong.status).toBe(400);
    const evicted = await api.ask("POST", `${pods}/evicted/eviction`, {
      body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted" } },
    });
    expect([evicted.status, evicted.json["status"]]).toEqual([201, "Success"]);
    const pod = await api.store.get<Pod>({
      apiVersion: "v1",
      kind: "Pod",
      namespace: "default",
      name: "evicted",
    });
    expect(pod).toBeUndefined();
  });

  it("lets a namespace go when its finalizers do", async () => {
    await api.ask("POST", "/api/v1/namespaces", { body: { metadata: { name: "stuck" } } });
    const { json } = await api.ask("GET", "/api/v1/namespaces/stuck");
    const held = { ...json, spec: { finalizers: ["kubernetes", "example.com/hold"] } };
    expect(
      (await api.ask("PUT", "/api/v1/namespaces/stuck/finalize", { body: held })).json,
    ).toMatchObject({
      spec: { finalizers: ["kubernetes", "example.com/hold"] },
    });
  });
});

describe("questions", () => {
  it("may do everything", async () => {
    const body = { spec: { resourceAttributes: { verb: "create", resource: "pods" } } };
    const access = await api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      body,
    });
    expect([access.status, at(access.json, "status", "allowed"), access.json["spec"]]).toEqual([
      201,
      true,
      body.spec,
    ]);
    const who = await api.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      body: {},
    });
    expect(at(who.json, "status", "userInfo", "groups")).toContain("system:authenticated");
    expect((await api.ask("GET", "/apis/authentication.k8s.io/v1/selfsubjectreviews")).status).toBe(
      405,
    );
  });
});
