import { describe, expect, it } from "vitest";
import { parseResourcePath } from "./paths.ts";

describe("parseResourcePath", () => {
  it.each([
    ["/api/v1/pods", ["", "v1", undefined, "pods", undefined, undefined]],
    ["/api/v1/namespaces", ["", "v1", undefined, "namespaces", undefined, undefined]],
    ["/api/v1/namespaces/shop", ["", "v1", undefined, "namespaces", "shop", undefined]],
    ["/api/v1/namespaces/shop/status", ["", "v1", undefined, "namespaces", "shop", "status"]],
    ["/api/v1/namespaces/shop/finalize", ["", "v1", undefined, "namespaces", "shop", "finalize"]],
    ["/api/v1/namespaces/shop/pods", ["", "v1", "shop", "pods", undefined, undefined]],
    ["/api/v1/namespaces/shop/pods/web-1/log", ["", "v1", "shop", "pods", "web-1", "log"]],
    ["/apis/apps/v1/deployments", ["apps", "v1", undefined, "deployments", undefined, undefined]],
    [
      "/apis/argoproj.io/v1alpha1/namespaces/a/rollouts/b/status",
      ["argoproj.io", "v1alpha1", "a", "rollouts", "b", "status"],
    ],
    [
      "/apis/argoproj.io/v1alpha1/clusteranalysistemplates/x",
      ["argoproj.io", "v1alpha1", undefined, "clusteranalysistemplates", "x", undefined],
    ],
    ["/api/v1/namespaces/a%62c/pods/", ["", "v1", "abc", "pods", undefined, undefined]],
  ])("%s", (path, expected) => {
    const parsed = parseResourcePath(path);
    expect(
      parsed && [
        parsed.group,
        parsed.version,
        parsed.namespace,
        parsed.plural,
        parsed.name,
        parsed.subresource,
      ],
    ).toEqual(expected);
  });

  it.each([
    "/",
    "/api",
    "/api/v1",
    "/apis/apps",
    "/apis/apps/v1",
    "/other/v1/pods",
    "/api/v1/namespaces/a/pods/b/log/more",
    "/api/v1/pods/%zz",
  ])("%s names no resource", (path) => expect(parseResourcePath(path)).toBeUndefined());
});
