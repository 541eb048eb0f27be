import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Container, EnvVar, Pod } from "../../../api/kubernetes/pod.ts";
import type { ConfigMap, Secret } from "../../../api/kubernetes/workloads.ts";
import { loopbackPort } from "./checks.ts";
import { environmentOf } from "./environment.ts";
import type { ConfigSource } from "./environment.ts";
import { expand } from "./expand.ts";
import { directoryOf, resolveImage } from "./images.ts";
import { planLaunch } from "./plan.ts";
import { isPortFree, parsePorts, portBook } from "./ports.ts";

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "haldane-launch-"));
  mkdirSync(join(base, "v1/sub"), { recursive: true });
  mkdirSync(join(base, "full"));
  mkdirSync(join(base, "broken"));
  writeFileSync(
    join(base, "full/image.json"),
    JSON.stringify({
      command: ["sh"],
      args: ["-c", "exit 3"],
      env: { FROM: "image" },
      workingDir: ".",
    }),
  );
  writeFileSync(join(base, "broken/image.json"), `{"command": "sh"}`);
});
afterAll(() => rmSync(base, { recursive: true }));

const config = () => ({
  baseDir: base,
  configFile: "haldane.yaml",
  images: { "shop:v1": "./v1", "shop:*": "./releases/*", "reg:5000/a/b:*": "dir:./b-*" },
});

describe("expanding", () => {
  it.each([
    ["$(A) and $(B)", "1 and 2"],
    ["$(UNKNOWN)", "$(UNKNOWN)"],
    ["$$(A)", "$(A)"],
    ["$A $(", "$A $("],
    ["$(toString)", "$(toString)"],
  ])("%s gives %s", (text, expected) => expect(expand(text, { A: "1", B: "2" })).toBe(expected));
});

describe("images", () => {
  it.each([
    ["dir:./v1", "v1"],
    ["shop:v1", "v1"],
    ["shop:v7", "releases/v7"],
    ["shop", "releases/latest"],
    ["reg:5000/a/b:x", "b-x"],
  ])("%s is the directory %s", (image, directory) =>
    expect(directoryOf(image, config())).toBe(join(base, directory)),
  );

  it.each([
    ["dir:/somewhere/absolute", "/somewhere/absolute"],
    ["other:v1", undefined],
    ["constructor", undefined],
  ])("%s is %s", (image, directory) => expect(directoryOf(image, config())).toBe(directory));

  it("says what to do about an unmapped, a missing and a broken image", () => {
    expect(resolveImage("other:v1", config(), "here")).toMatchObject({
      ok: false,
      reason: "ErrImagePull",
      message: expect.stringContaining(
        `"other:*": "./releases/*" under images in haldane.yaml (mapped are reg:5000/a/b:*, shop:*, shop:v1)`,
      ) as string,
    });
    expect(resolveImage("shop:v9", config(), "here")).toMatchObject({
      ok: false,
      reason: "ErrImagePull",
      message: expect.stringContaining(`${base}/releases/v9, which is no directory`) as string,
    });
    expect(resolveImage("dir:broken", config(), "here")).toMatchObject({
      ok: false,
      reason: "CreateContainerError",
      message: expect.stringContaining("image.json: command:") as string,
    });
  });
});

const source: ConfigSource = {
  configMap: (_namespace, name) =>
    Promise.resolve(
      name === "conf" ? ({ data: { mode: "fast" } } as unknown as ConfigMap) : undefined,
    ),
  secret: (_namespace, name) =>
    Promise.resolve(
      name === "creds"
        ? ({ data: { token: Buffer.from("s3").toString("base64") } } as unknown as Secret)
        : undefined,
    ),
};

function podWith(container: Container): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-1", namespace: "shop", uid: "u", labels: { app: "web" } },
    spec: { containers: [container] },
  };
}

async function envOf(env: readonly EnvVar[], more: Partial<Container> = {}) {
  const container: Container = {
    name: "app",
    env,
    ports: [{ name: "web-ui", containerPort: 8080 }, { containerPort: 9090 }],
    ...more,
  };
  return environmentOf(
    {
      pod: podWith(container),
      container,
      ports: { 8080: 20_001, 9090: 20_002 },
      imageEnv: { FROM: "image", OVER: "image" },
    },
    source,
  );
}

describe("environment", () => {
  it.each<[string, EnvVar[], Partial<Container>, Record<string, string>]>([
    ["ports", [], {}, { PORT: "20001", PORT_WEB_UI: "20001", HOSTNAME: "web-1", FROM: "image" }],
    [
      "a PORT that names a container port",
      [{ name: "PORT", value: "9090" }],
      {},
      { PORT: "20002" },
    ],
    ["a PORT of its own", [{ name: "PORT", value: "4000" }], {}, { PORT: "4000" }],
    [
      "earlier variables",
      [
        { name: "A", value: "1" },
        { name: "B", value: "$(A)$(PORT)" },
      ],
      {},
      { B: "120001" },
    ],
    [
      "fields",
      [
        { name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "L", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      ],
      {},
      { N: "web-1", L: "web" },
    ],
    [
      "resources",
      [
        {
          name: "M",
          valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } },
        },
        { name: "C", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      ],
      { resources: { limits: { memory: "128Mi", cpu: "1500m" } } },
      { M: "128", C: "2" },
    ],
    [
      "a secret and a config map",
      [
        { name: "S", valueFrom: { secretKeyRef: { name: "creds", key: "token" } } },
        { name: "OVER", value: "env" },
      ],
      { envFrom: [{ configMapRef: { name: "conf" } }] },
      { S: "s3", mode: "fast", OVER: "env" },
    ],
    [
      "what is optional and missing",
      [{ name: "S", valueFrom: { secretKeyRef: { name: "none", key: "x", optional: true } } }],
      { envFrom: [{ secretRef: { name: "none", optional: true } }] },
      {},
    ],
  ])("holds %s", async (_name, env, more, expected) => {
    const result = await envOf(env, more);
    expect(result.ok && result.env).toMatchObject(expected);
    if (env[0]?.valueFrom?.secretKeyRef?.optional === true && result.ok)
      expect(result.env).not.toHaveProperty("S");
  });

  it.each<[string, EnvVar]>([
    [
      'env S needs the key "x" of Secret shop/creds, whose keys are: token',
      { name: "S", valueFrom: { secretKeyRef: { name: "creds", key: "x" } } },
    ],
    [
      "there is no ConfigMap shop/none",
      { name: "S", valueFrom: { configMapKeyRef: { name: "none", key: "x" } } },
    ],
    [
      'unknown fieldPath "metadata.nmae"',
      { name: "S", valueFrom: { fieldRef: { fieldPath: "metadata.nmae" } } },
    ],
    [
      'unknown resource "limit.cpu"',
      { name: "S", valueFrom: { resourceFieldRef: { resource: "limit.cpu" } } },
    ],
  ])("refuses: %s", async (says, entry) => {
    const result = await envOf([entry]);
    expect(!result.ok && result.message).toContain(says);
  });
});

describe("planning", () => {
  const plan = (container: Partial<Container>) => {
    const whole: Container = { name: "app", image: "shop:v1", ...container };
    return planLaunch({ pod: podWith(whole), container: whole, ports: {} }, config(), source);
  };

  it("takes command, args and environment from the image where the container has none", async () => {
    expect(await plan({ image: "dir:full" })).toMatchObject({
      ok: true,
      plan: { argv: ["sh", "-c", "exit 3"], cwd: join(base, "full"), env: { FROM: "image" } },
    });
    expect(await plan({ image: "dir:full", args: ["x"] })).toMatchObject({
      plan: { argv: ["sh", "x"] },
    });
    expect(await plan({ image: "dir:full", command: ["env"] })).toMatchObject({
      plan: { argv: ["env"] },
    });
  });

  it("runs inside the image, /sub meaning its own", async () => {
    expect(await plan({ command: ["sh"], workingDir: "/sub" })).toMatchObject({
      plan: { cwd: join(base, "v1/sub") },
    });
  });

  it.each<[string, Partial<Container>, string]>([
    ["nothing to run", {}, "there is nothing to run: give the container a command"],
    [
      "a command that is not installed",
      { command: ["no-such-tool"] },
      `command "no-such-tool" was not found in PATH`,
    ],
    ["a file that is not there", { command: ["./server"] }, "v1/server is no executable file"],
    [
      "a working directory outside",
      { command: ["sh"], workingDir: "../full" },
      "is no directory inside the image",
    ],
  ])("refuses %s", async (_name, container, says) => {
    expect(await plan(container)).toMatchObject({
      ok: false,
      reason: "CreateContainerError",
      message: expect.stringContaining(says) as string,
    });
  });
});

describe("ports", () => {
  const container: Container = {
    name: "app",
    ports: [{ containerPort: 80 }, { containerPort: 81 }],
  };

  it("gives each owner ports of its own, keeps them, and replaces one that was taken", async () => {
    const taken = new Set([20_001]);
    const book = portBook(0, (port) => Promise.resolve(!taken.has(port)));
    const first = await book.assign("a", container, {});
    expect(first).toEqual({ 80: 20_000, 81: 20_002 });
    expect(await book.assign("b", container, {})).toEqual({ 80: 20_003, 81: 20_004 });
    expect(await book.assign("a", container, first)).toEqual(first);
    taken.add(20_002);
    expect(await book.assign("a", container, first)).toEqual({ 80: 20_000, 81: 20_005 });
    book.release("b");
    expect(
      await book.assign("c", { name: "x", ports: [{ containerPort: 1, hostPort: 7777 }] }, {}),
    ).toEqual({ 1: 7777 });
  });

  it("sees a listener", async () => {
    const { createServer } = await import("node:net");
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  });

  it.each([
    [undefined, {}],
    ["nonsense", {}],
    [`{"80":20000,"x":"y"}`, { 80: 20_000 }],
  ])("reads the annotation %s", (text, expected) => expect(parsePorts(text)).toEqual(expected));

  it.each([
    [8080, 20_001],
    ["http", 20_001],
    ["8080", 20_001],
    [1234, 1234],
    ["grpc", undefined],
  ])("finds port %s at %s", (port, expected) => {
    const named: Container = { name: "app", ports: [{ name: "http", containerPort: 8080 }] };
    expect(loopbackPort(port, named, { 8080: 20_001 })).toBe(expected);
  });
});
