import { afterEach, describe, expect, it } from "vitest";
import { refuse, send, startServer, type SmallServer } from "./api-server.test-support.ts";
import { evictPod } from "./evict.ts";

const pod = { apiVersion: "v1", kind: "Pod", namespace: "web", name: "shop-1" };
let server: SmallServer | undefined;

afterEach(async () => {
  await server?.close();
});

describe("an eviction", () => {
  it("names the very pod, and keeps budgets", async () => {
    server = await startServer((_asked, response) => send(response, 201, { kind: "Status" }));
    expect(await evictPod(server.client(), pod, "uid-1")).toBe(true);
    const [asked] = server.asked;
    expect([asked?.method, asked?.path]).toEqual([
      "POST",
      "/api/v1/namespaces/web/pods/shop-1/eviction",
    ]);
    expect(asked?.body).toEqual({
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { namespace: "web", name: "shop-1" },
      deleteOptions: { preconditions: { uid: "uid-1" } },
    });
  });

  it.each([
    [429, "TooManyRequests", false],
    [404, "NotFound", true],
    [409, "Conflict", true],
  ])("answered with %i is asked once", async (code, reason, isGoing) => {
    server = await startServer((_asked, response) => refuse(response, code, reason, "no"));
    expect(await evictPod(server.client({ retries: 4 }), pod, "uid-1")).toBe(isGoing);
    expect(server.asked).toHaveLength(1);
  });

  it("that is not allowed is told", async () => {
    server = await startServer((_asked, response) => refuse(response, 403, "Forbidden", "not you"));
    await expect(evictPod(server.client(), pod, "uid-1")).rejects.toThrow("not you");
  });
});
