// App Mesh's part in the sheet: a VirtualService, its VirtualRouter and two VirtualNodes per rollout.
import type { KubeObject } from "../../api/meta/object.ts";
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { appMeshRouter } from "./app-mesh.ts";

const apiVersion = "appmesh.k8s.aws/v1beta2";

function virtualNode(name: string, namespace: string): KubeObject {
  const node = {
    apiVersion,
    kind: "VirtualNode",
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: { app: "shop" } },
      listeners: [{ portMapping: { port: 8080, protocol: "http" } }],
    },
  };
  return node;
}

/** Objects as people write them for a rollout `name`. */
export function meshObjects(name: string, namespace = "default"): readonly KubeObject[] {
  const target = (side: string, weight: number): object => ({
    virtualNodeRef: { name: `${name}-${side}` },
    weight,
  });
  const weightedTargets = [target("canary", 0), target("stable", 100)];
  const service = {
    apiVersion,
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      awsName: `${name}.example`,
      provider: { virtualRouter: { virtualRouterRef: { name: `${name}-router` } } },
    },
  };
  const router = {
    apiVersion,
    kind: "VirtualRouter",
    metadata: { name: `${name}-router`, namespace },
    spec: {
      listeners: [{ portMapping: { port: 80, protocol: "http" } }],
      routes: [
        { name: "http", httpRoute: { match: { prefix: "/" }, action: { weightedTargets } } },
        { name: "grpc", grpcRoute: { match: {}, action: { weightedTargets } } },
      ],
    },
  };
  const nodes = ["canary", "stable"].map((side) => virtualNode(`${name}-${side}`, namespace));
  return [service, router, ...nodes];
}

export const appMeshSetting: RouterSetting = {
  factory: appMeshRouter,
  config: (name) => ({
    virtualService: { name },
    virtualNodeGroup: {
      canaryVirtualNodeRef: { name: `${name}-canary` },
      stableVirtualNodeRef: { name: `${name}-stable` },
    },
  }),
  objects: meshObjects,
};
