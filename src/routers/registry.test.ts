import { describe, expect, it } from "vitest";
import { routerKinds } from "../api/argo/parse/traffic-routing.ts";
import { createRouter, routers } from "./registry.ts";
import { createOwner, failureOf, newMemoryStore } from "./sheet-world.test-support.ts";

describe("the registry", () => {
  it("has every router that Argo has built in, each under its own name", () => {
    expect(Object.keys(routers)).toEqual(expect.arrayContaining([...routerKinds]));
    for (const [kind, factory] of Object.entries(routers)) expect(factory.kind).toBe(kind);
  });

  it.each([
    [
      true,
      /^TrafficRoutingError: spec\.strategy\.canary\.trafficRouting\.plugins\["a\/b"\]: Haldane does not run .* Use a router it has built in: argoproj-labs\/gatewayAPI, istio, /,
    ],
    [false, /^TrafficRoutingError: .*trafficRouting\.a\/b: is not a known router; known are /],
  ])("says what to do about one it does not have (plugin: %s)", async (isPlugin, message) => {
    const store = newMemoryStore();
    const owner = await createOwner(store, "default", "shop");
    const rollout = {
      namespace: "default",
      name: "shop",
      owner,
      canaryService: "c",
      stableService: "s",
      managedRoutes: [],
    };
    const config = { kind: "a/b", isPlugin, config: {} };
    expect(await failureOf(() => createRouter(config, { store, rollout }))).toMatch(message);
  });
});
