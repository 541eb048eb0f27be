import { expect, it } from "vitest";
import { requestInfo } from "./request-info.ts";

const argo = "/apis/argoproj.io/v1alpha1";

it.each([
  ["GET", `${argo}/rollouts?limit=500`, ["rollouts", "", "", "List"]],
  ["GET", `${argo}/rollouts?watch=1&resourceVersion=5`, ["rollouts", "", "", "Watch"]],
  ["GET", `${argo}/namespaces/web/rollouts/shop`, ["rollouts", "web", "shop", "Get"]],
  ["PATCH", `${argo}/namespaces/web/rollouts/shop/status`, ["rollouts", "web", "shop", "Patch"]],
  ["POST", "/apis/apps/v1/namespaces/web/replicasets", ["replicasets", "web", "", "Create"]],
  ["POST", "/api/v1/namespaces/web/pods/a/eviction", ["pods", "web", "a", "Create"]],
  ["PUT", "/apis/coordination.k8s.io/v1/namespaces/a/leases/b", ["leases", "a", "b", "Update"]],
  ["DELETE", "/apis/apps/v1/namespaces/web/replicasets/x", ["replicasets", "web", "x", "Delete"]],
  ["GET", "/api/v1/namespaces/web", ["namespaces", "", "web", "Get"]],
  ["GET", `${argo}/clusteranalysistemplates`, ["clusteranalysistemplates", "", "", "List"]],
] as const)("%s %s", (method, path, [kind, namespace, name, verb]) => {
  expect(requestInfo({ method, path })).toEqual({ kind, namespace, name, verb });
});
