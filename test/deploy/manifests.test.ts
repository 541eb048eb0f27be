// The files in deploy/ against what they were made from, and what they promise: no Helm needed.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { resourceTypeOf } from "../../src/api/resources.ts";
import { routers } from "../../src/routers/registry.ts";
import type { RouterFactory } from "../../src/routers/router.ts";
import { objectsOf, root } from "./helm.ts";
import { runHaldane } from "./run-haldane.ts";

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const objectsIn = (file: string): readonly KubeObject[] => objectsOf(read(file));

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
type Role = KubeObject & { readonly rules: readonly Rule[] };

function controllerRole(file: string): Role {
  const roles = objectsIn(file).filter(
    ({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === "haldane",
  );
  return roles[0] as Role;
}

function allows(role: Role, group: string, resource: string): readonly string[] {
  return role.rules
    .filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(resource))
    .flatMap(({ verbs }) => verbs);
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext: unknown;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly securityContext: unknown;
    readonly resources: { readonly requests: unknown; readonly limits: unknown };
    readonly livenessProbe: { readonly httpGet: { readonly path: string } };
    readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  }[];
}

function podOf(file: string): PodSpec {
  const deployment = objectsIn(file).find(({ kind }) => kind === "Deployment");
  return (deployment as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
}

describe("haldane crds", () => {
  it("prints only what is named, by any name it has", async () => {
    const [rollouts, ...others] = objectsOf(await runHaldane("crds", "ro"));
    expect(rollouts?.metadata.name).toBe("rollouts.argoproj.io");
    expect(others).toEqual([]);
    const named = objectsOf(await runHaldane("crds", "AnalysisRun", "experiments", "ar"));
    expect(named.map(({ metadata }) => metadata.name)).toEqual([
      "analysisruns.argoproj.io",
      "experiments.argoproj.io",
    ]);
  });
  it("prints JSON, several as a List", async () => {
    expect(JSON.parse(await runHaldane("crds", "cat", "-o", "json"))).toMatchObject({
      kind: "CustomResourceDefinition",
      spec: { scope: "Cluster" },
    });
    const all = JSON.parse(await runHaldane("crds", "-o", "json")) as {
      items: readonly KubeObject[];
    };
    expect(all).toMatchObject({ apiVersion: "v1", kind: "List" });
    expect(all.items).toEqual(objectsOf(await runHaldane("crds")));
  });
  it.each([
    [["crds", "pods"], 'there is no definition of "pods"; use rollouts, analysisruns'],
    [["crds", "-o", "toml"], "-o toml is not known; use yaml or json"],
  ])("says what is wrong with %j", async (argv, words) => {
    await expect(runHaldane(...argv)).rejects.toThrow(words);
  });
});

describe("deploy/", () => {
  it("has the definitions that haldane crds prints", async () => {
    await expect(await runHaldane("crds")).toMatchFileSnapshot("../../deploy/manifests/crds.yaml");
    await expect(await runHaldane("crds")).toMatchFileSnapshot("../../deploy/chart/crds/crds.yaml");
  });

  it("has the package's version", () => {
    const { version } = JSON.parse(read("package.json")) as { readonly version: string };
    expect(parse(read("deploy/chart/Chart.yaml"))).toMatchObject({ version, appVersion: version });
    expect(read("deploy/manifests/install.yaml")).toContain(`image: "haldane:${version}"`);
  });
});

describe.each(["deploy/manifests/install.yaml", "deploy/manifests/namespace-install.yaml"])(
  "%s",
  (file) => {
    it("runs the controller with as little as it needs", () => {
      const { securityContext, containers } = podOf(file);
      expect(securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of containers)
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
    });

    it("asks for resources and is probed", () => {
      for (const { resources, livenessProbe, readinessProbe } of podOf(file).containers) {
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
        expect([livenessProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual([
          "/healthz",
          "/healthz",
        ]);
      }
    });

    it("gives no right to everything, and none twice", () => {
      const { rules } = controllerRole(file);
      const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
        ),
      );
      expect(granted.filter((each) => each.includes("*"))).toEqual([]);
      expect(new Set(granted).size).toBe(granted.length);
    });
  },
);

describe("the rights for routers", () => {
  const role = controllerRole("deploy/manifests/install.yaml");
  const factories: readonly RouterFactory[] = Object.values(routers);
  const watched = factories.flatMap((factory) =>
    factory
      .watchedKinds({})
      .map(({ apiVersion, kind }) => ({ router: factory.kind, apiVersion, kind })),
  );

  it.each(watched)("let $router read and watch $kind ($apiVersion)", ({ apiVersion, kind }) => {
    const type = resourceTypeOf(apiVersion, kind)!;
    expect(allows(role, type.group, type.plural)).toEqual(
      expect.arrayContaining(["get", "list", "watch"]),
    );
  });

  /** The folder of a router, by the key people write: appMesh → app-mesh. */
  const folderOf = (kind: string): string =>
    (kind.split("/").at(-1) ?? kind).replace(/[A-Z]+/g, (capitals) => `-${capitals.toLowerCase()}`);

  function sourcesOf(kind: string): string {
    const folder = path.join(root, "src/routers", folderOf(kind));
    return readdirSync(folder)
      .filter((name) => !name.includes(".test"))
      .map((name) => readFileSync(path.join(folder, name), "utf8"))
      .join("\n");
  }

  const writes = { create: /store\.create\(/, delete: /store\.delete\(/, patch: /bringTo\(/ };

  it.each(Object.entries(writes))("let exactly those %s that do", (verb, call) => {
    const groups = (kinds: readonly (typeof watched)[number][]): ReadonlySet<string> =>
      new Set(kinds.map(({ apiVersion, kind }) => resourceTypeOf(apiVersion, kind)!.group));
    const doing = groups(watched.filter(({ router }) => call.test(sourcesOf(router))));
    const allowed = groups(
      watched.filter(({ apiVersion, kind }) => {
        const type = resourceTypeOf(apiVersion, kind)!;
        return allows(role, type.group, type.plural).includes(verb);
      }),
    );
    expect([...allowed].toSorted()).toEqual([...doing].toSorted());
  });
});
