import { describe, expect, it } from "vitest";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { releaseService } from "./release-service.ts";

function serviceOf(selector: Record<string, string>, managedBy?: string): Service {
  const annotations =
    managedBy === undefined ? {} : { "argo-rollouts.argoproj.io/managed-by-rollouts": managedBy };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", annotations },
    spec: { selector },
  };
}

const experiment = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  name: "compare",
  uid: "e1",
  controller: true,
};

/** Made by an experiment for one of its templates: no Rollout ever names it. */
function ofExperiment(service: Service): Service {
  return { ...service, metadata: { ...service.metadata, ownerReferences: [experiment] } };
}

const hashed = { app: "web", "rollouts-pod-template-hash": "abc" };
const release = {
  metadata: { annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": null } },
  spec: { selector: { "rollouts-pod-template-hash": null } },
};

describe("a Service", () => {
  it.each([
    ["without a hash is left alone", serviceOf({ app: "web" }, "shop"), [], undefined],
    ["of a Rollout that names it is left alone", serviceOf(hashed, "shop"), ["shop"], undefined],
    ["of a Rollout that is gone is given back", serviceOf(hashed, "shop"), [], release],
    [
      "of a Rollout that names another now is given back",
      serviceOf(hashed, "shop"),
      ["cart"],
      release,
    ],
    ["nobody is noted for, but one names, is left alone", serviceOf(hashed), ["cart"], undefined],
    ["of an Experiment keeps its version", ofExperiment(serviceOf(hashed)), [], undefined],
    ["nobody is noted for and nobody names is given back", serviceOf(hashed), [], release],
  ])("%s", (_name, service, namedBy, wanted) => {
    expect(releaseService(service, namedBy)).toEqual(wanted);
  });
});
