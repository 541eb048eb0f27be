import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreError } from "../../../objects/object-store.ts";
import { startTestServer, type TestServer } from "../api-server.test-support.ts";
import type { LogRequest } from "../options.ts";

const measuredAtMs = Date.UTC(2026, 0, 1);
let api: TestServer;
let asked: LogRequest[] = [];

async function* log(request: LogRequest): AsyncGenerator<string | Uint8Array> {
  yield "one\n";
  yield Buffer.from("two\n");
  if (!request.follow) return;
  await new Promise<void>((resolve) =>
    request.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

beforeAll(async () => {
  api = await startTestServer({
    readLogs: async (request) => {
      asked.push(request);
      if (request.previous)
        throw new StoreError("BadRequest", "previous terminated container not found");
      return log(request);
    },
    podUsage: async () => [
      {
        namespace: "default",
        name: "two",
        measuredAtMs,
        windowMs: 15_000,
        containers: [{ name: "a", cpuMillicores: 12.5, memoryBytes: 3 * 1_048_576 }],
      },
      { namespace: "default", name: "gone", measuredAtMs, windowMs: 15_000, containers: [] },
    ],
  });
  const pod = (name: string, containers: readonly string[]): object => ({
    metadata: { name, labels: { app: name } },
    spec: {
      containers: containers.map((each) => ({ name: each, image: "i" })),
      initContainers: [{ name: "init", image: "i" }],
    },
  });
  await api.ask("POST", pods, { body: pod("one", ["main"]) as never });
  await api.ask("POST", pods, { body: pod("two", ["a", "b"]) as never });
});
afterAll(() => api.close());

const pods = "/api/v1/namespaces/default/pods";

describe("logs", () => {
  it("come as text, of the only container", async () => {
    asked = [];
    const { status, text, headers } = await api.ask("GET", `${pods}/one/log`);
    expect([status, text, headers["content-type"]]).toEqual([200, "one\ntwo\n", "text/plain"]);
    expect(asked).toMatchObject([
      {
        pod: { namespace: "default", name: "one" },
        container: "main",
        follow: false,
        timestamps: false,
        tailLines: undefined,
        sinceMs: undefined,
      },
    ]);
  });

  it("pass every option on", async () => {
    asked = [];
    const beforeMs = Date.now();
    await api.ask("GET", `${pods}/two/log?container=b&tailLines=5&timestamps=true&sinceSeconds=60`);
    await api.ask("GET", `${pods}/one/log?container=init&sinceTime=2026-01-01T00:00:00Z`);
    expect(asked).toMatchObject([
      { container: "b", tailLines: 5, timestamps: true },
      { container: "init", sinceMs: measuredAtMs },
    ]);
    expect(asked[0]?.sinceMs).toBeGreaterThanOrEqual(beforeMs - 60_000);
    expect(asked[0]?.sinceMs).toBeLessThanOrEqual(Date.now() - 60_000);
  });

  it("are cut at limitBytes", async () => {
    expect((await api.ask("GET", `${pods}/one/log?limitBytes=6`)).text).toBe("one\ntw");
    expect((await api.ask("GET", `${pods}/one/log?limitBytes=4`)).text).toBe("one\n");
  });

  it.each([
    ["two", "", 400, "a container name must be specified for pod two, choose one of: [a b]"],
    ["two", "?container=c", 400, "container c is not valid for pod two; choose one of: [a b init]"],
    ["none", "", 404, 'pods "none" not found'],
    ["one", "?previous=true", 400, "previous terminated container not found"],
    [
      "one",
      "?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
      400,
      "at most one of sinceTime or sinceSeconds may be specified",
    ],
    [
      "one",
      "?tailLines=-1",
      400,
      'the query parameter tailLines must be a whole number from 0, not "-1"',
    ],
  ])("of %s%s are refused", async (name, query, status, message) => {
    expect((await api.ask("GET", `${pods}/${name}/log${query}`)).json).toMatchObject({
      code: status,
      message,
    });
  });

  it("are followed until the client goes", async () => {
    asked = [];
    const aborter = new AbortController();
    const { status } = await api.stream(`${pods}/one/log?follow=true`).then((stream) => {
      aborter.signal.addEventListener("abort", () => stream.close());
      return stream;
    });
    expect(status).toBe(200);
    expect(asked[0]?.signal.aborted).toBe(false);
    aborter.abort();
    await expect.poll(() => asked[0]?.signal.aborted).toBe(true);
  });

  it("are not allowed where no pods run", async () => {
    const bare = await startTestServer();
    try {
      await bare.ask("POST", pods, {
        body: { metadata: { name: "x" }, spec: { containers: [{ name: "c", image: "i" }] } },
      });
      expect((await bare.ask("GET", `${pods}/x/log`)).status).toBe(405);
      expect((await bare.ask("GET", "/apis/metrics.k8s.io/v1beta1/pods")).status).toBe(404);
    } finally {
      await bare.close();
    }
  });
});

describe("what pods of one machine have not", () => {
  it.each([
    ["GET", "exec", /there is no exec on one machine; .*run the command/],
    ["POST", "attach", /kubectl logs -f/],
    ["POST", "portforward", /haldane\.dev\/ports/],
    ["PATCH", "ephemeralcontainers", /tools of this machine/],
  ])("%s %s is refused with the way there is", async (method, subresource, said) => {
    const { json } = await api.ask(method, `${pods}/one/${subresource}`);
    expect(json).toMatchObject({ code: 405, reason: "MethodNotAllowed" });
    expect(json["message"]).toMatch(said);
  });
});

describe("pod metrics", () => {
  const metrics = "/apis/metrics.k8s.io/v1beta1";

  it("are those of the pods there are", async () => {
    const { json } = await api.ask("GET", `${metrics}/namespaces/default/pods`);
    expect(json).toMatchObject({ kind: "PodMetricsList", apiVersion: "metrics.k8s.io/v1beta1" });
    expect(json["items"]).toEqual([
      {
        kind: "PodMetrics",
        apiVersion: "metrics.k8s.io/v1beta1",
        metadata: {
          name: "two",
          namespace: "default",
          labels: { app: "two" },
          creationTimestamp: "2026-01-01T00:00:00Z",
        },
        timestamp: "2026-01-01T00:00:00Z",
        window: "15s",
        containers: [{ name: "a", usage: { cpu: "12500000n", memory: "3072Ki" } }],
      },
    ]);
    expect((await api.ask("GET", `${metrics}/pods`)).json["items"]).toHaveLength(1);
  });

  it("are selected by the pods' labels", async () => {
    expect((await api.ask("GET", `${metrics}/pods?labelSelector=app%3Done`)).json["items"]).toEqual(
      [],
    );
    expect(
      (await api.ask("GET", `${metrics}/pods?labelSelector=app%3Dtwo`)).json["items"],
    ).toHaveLength(1);
  });

  it("are had one by one", async () => {
    expect((await api.ask("GET", `${metrics}/namespaces/default/pods/two`)).json).toMatchObject({
      kind: "PodMetrics",
    });
    expect((await api.ask("GET", `${metrics}/namespaces/default/pods/one`)).json).toMatchObject({
      code: 404,
      message: 'podmetrics.metrics.k8s.io "one" not found',
    });
  });
});
