// Test support: a parsed Rollout from a few words.
import type {
  BlueGreenStrategy,
  CanaryStrategy,
  RecreateStrategy,
  RollingUpdateStrategy,
  Rollout,
  RolloutSpec,
  Strategy,
} from "../../../api/argo/rollout.ts";
import type { PodTemplateSpec } from "../../../api/kubernetes/pod.ts";
import { asWritten, stepsOf } from "./steps-language.test-support.ts";

const base = {
  stableMetadata: undefined,
  canaryMetadata: undefined,
  antiAffinity: undefined,
  scaleDownDelaySeconds: undefined,
  scaleDownDelayRevisionLimit: undefined,
  abortScaleDownDelaySeconds: undefined,
  maxUnavailable: "25%",
};

export function canary(line: string, more: Partial<CanaryStrategy> = {}): CanaryStrategy {
  return {
    ...base,
    kind: "canary",
    canaryService: undefined,
    stableService: undefined,
    steps: stepsOf(line),
    stepsAsWritten: line === "" ? undefined : asWritten(line),
    maxSurge: "25%",
    trafficRouting: undefined,
    analysis: undefined,
    guard: [],
    dynamicStableScale: false,
    pingPong: undefined,
    minPodsPerReplicaSet: undefined,
    replicaProgressThreshold: undefined,
    ...more,
  };
}

/** A canary whose traffic a router splits between the Services `web-canary` and `web-stable`. */
export function routed(line: string, more: Partial<CanaryStrategy> = {}): CanaryStrategy {
  return canary(line, {
    canaryService: "web-canary",
    stableService: "web-stable",
    trafficRouting: {
      routers: [{ kind: "fake", isPlugin: false, config: {} }],
      managedRoutes: ["header", "mirror"],
      maxTrafficWeight: 100,
    },
    ...more,
  });
}

export function blueGreen(more: Partial<BlueGreenStrategy> = {}): BlueGreenStrategy {
  return {
    ...base,
    kind: "blueGreen",
    activeService: "web-active",
    previewService: "web-preview",
    previewReplicaCount: undefined,
    autoPromotionEnabled: true,
    autoPromotionSeconds: 0,
    prePromotionAnalysis: undefined,
    postPromotionAnalysis: undefined,
    ...more,
  };
}

export function rollingUpdate(more: Partial<RollingUpdateStrategy> = {}): RollingUpdateStrategy {
  return { ...base, kind: "rollingUpdate", maxSurge: "25%", ...more };
}

export function recreate(more: Partial<RecreateStrategy> = {}): RecreateStrategy {
  return { ...base, kind: "recreate", ...more };
}

export function templateOf(image: string): PodTemplateSpec {
  return {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "web", image }] },
  };
}

export function rolloutOf(strategy: Strategy, more: Partial<RolloutSpec> = {}): Rollout {
  return {
    metadata: {
      name: "web",
      namespace: "default",
      uid: "uid-web",
      generation: 1,
      resourceVersion: "1",
    },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: templateOf("web:v1"),
      workloadRef: undefined,
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      paused: false,
      progressDeadlineSeconds: 600,
      progressDeadlineAbort: false,
      restartAtMs: undefined,
      rollbackWindowRevisions: undefined,
      successfulRunHistoryLimit: 5,
      unsuccessfulRunHistoryLimit: 5,
      strategy,
      ...more,
    },
    status: {},
  };
}
