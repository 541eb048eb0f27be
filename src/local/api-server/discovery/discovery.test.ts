import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourceTypes } from "../../../api/resources.ts";
import { apiVersionOf } from "../../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { startTestServer, textOf, type TestServer } from "../api-server.test-support.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ podUsage: async () => [], haldaneVersion: "9.8.7" });
});
afterAll(() => api.close());

function list(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter((item) => isJsonObject(item)) : [];
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

const aggregatedAccept =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

describe("discovery", () => {
  it("says everything at once to those who can read it", async () => {
    const { json, headers } = await api.ask("GET", "/apis", {
      headers: { accept: aggregatedAccept },
    });
    expect(headers["content-type"]).toBe(
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    );
    expect(json).toMatchObject({
      kind: "APIGroupDiscoveryList",
      apiVersion: "apidiscovery.k8s.io/v2",
    });
    const argo = list(json["items"]).find(
      (item) => object(item["metadata"])["name"] === "argoproj.io",
    );
    const resources = list(list(argo?.["versions"])[0]?.["resources"]);
    expect(resources.find(({ resource }) => resource === "rollouts")).toEqual({
      resource: "rollouts",
      responseKind: { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" },
      scope: "Namespaced",
      singularResource: "rollout",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["ro"],
      categories: ["all"],
      subresources: [
        {
          subresource: "scale",
          responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
          verbs: ["get", "patch", "update"],
        },
        {
          subresource: "status",
          responseKind: { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" },
          verbs: ["get", "patch", "update"],
        },
      ],
    });
    const core = (await api.ask("GET", "/api", { headers: { accept: aggregatedAccept } })).json;
    expect(list(core["items"])).toHaveLength(1);
  });

  it("speaks the older form of it, and the oldest", async () => {
    const beta =
      "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    expect((await api.ask("GET", "/apis", { headers: { accept: beta } })).json).toMatchObject({
      apiVersion: "apidiscovery.k8s.io/v2beta1",
    });
    const { json } = await api.ask("GET", "/apis", {
      headers: { accept: "application/json, */*" },
    });
    expect(json["kind"]).toBe("APIGroupList");
    expect(list(json["groups"]).map(({ name }) => name)).toEqual([
      "apps",
      "argoproj.io",
      "authentication.k8s.io",
      "authorization.k8s.io",
      "batch",
      "coordination.k8s.io",
      "discovery.k8s.io",
      "gateway.networking.k8s.io",
      "metrics.k8s.io",
    ]);
    expect((await api.ask("GET", "/api")).json).toMatchObject({
      kind: "APIVersions",
      versions: ["v1"],
    });
    expect((await api.ask("GET", "/apis/apps")).json).toMatchObject({
      kind: "APIGroup",
      preferredVersion: { groupVersion: "apps/v1" },
    });
  });

  it("lists every kind we know, with its parts", async () => {
    for (const type of resourceTypes) {
      const path = type.group === "" ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
      const { json } = await api.ask("GET", path);
      const entries = list(json["resources"]);
      const own = entries.find(({ name }) => name === type.plural);
      expect(own, type.kind).toMatchObject({
        kind: type.kind,
        namespaced: type.namespaced,
        singularName: type.singular,
      });
      const parts = entries
        .map(({ name }) => textOf(name))
        .filter((name) => name.startsWith(`${type.plural}/`));
      expect(parts.includes(`${type.plural}/status`), type.kind).toBe(type.hasStatus);
      expect(parts.includes(`${type.plural}/scale`), type.kind).toBe(type.scale !== undefined);
    }
    const pods = list((await api.ask("GET", "/api/v1")).json["resources"]);
    expect(pods.find(({ name }) => name === "pods/eviction")).toMatchObject({
      group: "policy",
      version: "v1",
      kind: "Eviction",
    });
  });

  it("tells the version as Kubernetes does", async () => {
    expect((await api.ask("GET", "/version")).json).toMatchObject({
      major: "1",
      minor: "34",
      gitVersion: "v1.34.0+haldane.9.8.7",
    });
  });
});

describe("OpenAPI v3", () => {
  it("says where the documents are, and has them", async () => {
    const index = object((await api.ask("GET", "/openapi/v3")).json["paths"]);
    expect(Object.keys(index)).toContain("apis/argoproj.io/v1alpha1");
    for (const entry of Object.values(index)) {
      const { status, json } = await api.ask("GET", textOf(object(entry)["serverRelativeURL"]));
      expect([status, json["openapi"]]).toEqual([200, "3.0.0"]);
    }
  });

  it("says which parameters a patch takes: kubectl leaves validation to the server because of it", async () => {
    const { json } = await api.ask("GET", "/openapi/v3/apis/argoproj.io/v1alpha1");
    const item = object(
      object(json["paths"])["/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts/{name}"],
    );
    const { patch } = item;
    expect(list(object(patch)["parameters"]).map(({ name }) => name)).toEqual([
      "dryRun",
      "fieldManager",
      "fieldValidation",
      "force",
    ]);
    expect(object(patch)["x-kubernetes-group-version-kind"]).toEqual({
      group: "argoproj.io",
      version: "v1alpha1",
      kind: "Rollout",
    });
  });

  it("resolves every reference within its document", async () => {
    for (const path of ["api/v1", "apis/apps/v1", "apis/argoproj.io/v1alpha1"]) {
      const { text, json } = await api.ask("GET", `/openapi/v3/${path}`);
      const schemas = object(object(json["components"])["schemas"]);
      const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
        ([, name]) => name ?? "",
      );
      expect(references.length).toBeGreaterThan(0);
      expect(references.filter((name) => !Object.hasOwn(schemas, name))).toEqual([]);
    }
  });

  it("describes kinds from the house's own schemas", async () => {
    const { json } = await api.ask("GET", "/openapi/v3/apis/argoproj.io/v1alpha1");
    const rollout = object(
      object(object(json["components"])["schemas"])["io.argoproj.v1alpha1.Rollout"],
    );
    expect(rollout["x-kubernetes-group-version-kind"]).toEqual([
      { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" },
    ]);
    const spec = object(object(rollout["properties"])["spec"]);
    expect(object(spec["properties"])).toMatchObject({
      minReadySeconds: { type: "integer", format: "int32" },
    });
  });
});

describe("OpenAPI v2", () => {
  it("is there as JSON, and as the protobuf that kubectl up to 1.28 asks for", async () => {
    const { json } = await api.ask("GET", "/openapi/v2");
    expect(json["swagger"]).toBe("2.0");
    expect(Object.keys(object(json["definitions"]))).toContain("io.k8s.api.core.v1.Pod");
    const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    const { status, headers, text } = await api.ask("GET", "/openapi/v2", { headers: { accept } });
    expect([status, headers["content-type"]]).toEqual([200, accept.replace("@", ".")]);
    // Document.swagger is field 1, a text of three bytes.
    expect(text.startsWith("\n\u00032.0")).toBe(true);
    for (const each of ["/apis/argoproj.io/v1alpha1/", '"kind":"Rollout"', "fieldValidation"])
      expect(text).toContain(each);
    const other = { accept: "application/xml" };
    expect((await api.ask("GET", "/openapi/v2", { headers: other })).status).toBe(406);
  });
});
