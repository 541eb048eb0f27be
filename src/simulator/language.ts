// A line of text gives a scenario, for tests that should read like the story they tell:
//
//   "w20 p10m w50 p10m"                     steps of a canary with traffic routing, 5 replicas, one update at 0
//   "basic n10: w20 p60"                    without traffic routing, 10 replicas
//   "bluegreen n3 | promote@5m"             words after | are what people do, and when
//   "w10 p w100 | abort@7m retry@9m"        p alone waits for a promote
//
// Steps: wN setWeight · p[duration] pause · u[duration] pause until safe · a analysis by the template `check` · sN setCanaryScale replicas · s% setCanaryScale weight (s25%) · sm match.
import { pauseUntilSafePlugin } from "../api/argo/keys.ts";
import type { Service } from "../api/kubernetes/workloads.ts";
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import type { Json } from "../lib/json.ts";
import {
  operatorVerbs,
  quietWorld,
  type OperatorAction,
  type OperatorPlan,
  type Scenario,
  type World,
} from "./scenario.ts";

export class LanguageError extends Error {
  override readonly name = "LanguageError";
}

export interface ScenarioOverrides {
  readonly world?: Partial<World>;
  /** Merged over the strategy's fields. */
  readonly strategy?: Readonly<Record<string, Json>>;
  /** Merged over spec. */
  readonly spec?: Readonly<Record<string, Json>>;
  /** Of the Rollout. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly objects?: readonly KubeObject[];
  readonly forMs?: number;
}

const rolloutName = "shop";
export const firstImage = "shop:v1";
export const secondImage = "shop:v2";
/** The update that a line without one of its own is about. */
const updateAtMs = 60_000;

function millisecondsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const parsed = parseGoDuration(text);
  if (!parsed.ok) throw new LanguageError(`"${text}" is no duration: ${parsed.message}`);
  return parsed.ms;
}

function scaleOf(rest: string): Json {
  if (rest === "m") return { setCanaryScale: { matchTrafficWeight: true } };
  if (/^\d+%$/.test(rest)) return { setCanaryScale: { weight: Number.parseInt(rest, 10) } };
  return /^\d+$/.test(rest) ? { setCanaryScale: { replicas: Number(rest) } } : null;
}

function untilSafe(max: string): Json {
  return { plugin: { name: pauseUntilSafePlugin, config: max === "" ? {} : { max } } };
}

function stepOf(word: string): Json {
  if (word === "a") return { analysis: { templates: [{ templateName: "check" }] } };
  if (/^u(\d+[smh]?)?$/.test(word)) return untilSafe(word.slice(1));
  const [, kind = "", rest = ""] = /^([wps])(.*)$/.exec(word) ?? [];
  if (kind === "w" && /^\d+$/.test(rest)) return { setWeight: Number(rest) };
  if (kind === "p")
    return { pause: rest === "" ? {} : { duration: /^\d+$/.test(rest) ? Number(rest) : rest } };
  const scale = kind === "s" ? scaleOf(rest) : null;
  if (scale !== null) return scale;
  throw new LanguageError(`"${word}" is no step; use w20, p, p10m, u, u30m, a, s3, s25% or sm`);
}

const routing = {
  canaryService: `${rolloutName}-canary`,
  stableService: `${rolloutName}-stable`,
  trafficRouting: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: rolloutName } } },
};

function strategyOf(
  words: readonly string[],
  extra: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const [first = ""] = words;
  switch (first) {
    case "bluegreen":
      return {
        blueGreen: {
          activeService: `${rolloutName}-stable`,
          previewService: `${rolloutName}-canary`,
          ...extra,
        },
      };
    case "rolling":
      return { rollingUpdate: extra };
    case "recreate":
      return { recreate: extra };
    default: {
      const isBasic = first === "basic";
      const steps = words.slice(isBasic ? 1 : 0).map(stepOf);
      return {
        canary: { ...(isBasic ? {} : routing), ...(steps.length === 0 ? {} : { steps }), ...extra },
      };
    }
  }
}

function actionOf(word: string): OperatorAction {
  const verb = operatorVerbs.find((known) => known === word);
  if (verb !== undefined) return { kind: "do", verb };
  const [, name = "", value] = /^(set|scale|undo)(?:=(.+))?$/.exec(word) ?? [];
  if (name === "set" && value !== undefined) return { kind: "setImage", image: value };
  if (name === "scale" && value !== undefined) return { kind: "scale", replicas: Number(value) };
  if (name === "undo")
    return { kind: "undo", toRevision: value === undefined ? undefined : Number(value) };
  throw new LanguageError(
    `"${word}" is nothing a person can do; use ${operatorVerbs.join(", ")}, set=IMAGE, scale=N or undo[=REVISION]`,
  );
}

function planOf(word: string): OperatorPlan {
  const [action = "", at] = word.split("@");
  if (at === undefined) throw new LanguageError(`"${word}" says not when; write ${action}@3m`);
  return { atMs: millisecondsOf(at), rollout: undefined, action: actionOf(action) };
}

function service(name: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { selector: { app: rolloutName }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

/** Who brings one of these splits by it. */
const routingKinds: readonly string[] = ["VirtualService", "Ingress", "Mapping"];

export function standardRoute(): HTTPRoute {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: rolloutName, namespace: "default" },
    spec: {
      parentRefs: [{ name: "web" }],
      rules: [
        {
          backendRefs: [
            { name: `${rolloutName}-stable`, port: 80, weight: 100 },
            { name: `${rolloutName}-canary`, port: 80, weight: 0 },
          ],
        },
      ],
    },
  };
}

function rollout(
  replicas: number,
  strategy: Readonly<Record<string, Json>>,
  { spec = {}, annotations = {} }: ScenarioOverrides,
): KubeObject {
  const object = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: {
      name: rolloutName,
      namespace: "default",
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: rolloutName } },
      template: {
        metadata: { labels: { app: rolloutName } },
        spec: {
          containers: [{ name: "app", image: firstImage, ports: [{ containerPort: 8080 }] }],
        },
      },
      strategy,
      ...spec,
    },
  };
  return object;
}

/** Reads a line. Throws a LanguageError that quotes the word it does not understand. */
export function scenarioOf(line: string, overrides: ScenarioOverrides = {}): Scenario {
  const [left = "", right = ""] = line.split("|");
  const words = left
    .replaceAll(":", " ")
    .split(/\s+/)
    .filter((word) => word !== "");
  const size = words.find((word) => /^n\d+$/.test(word));
  const replicas = size === undefined ? 5 : Number(size.slice(1));
  const strategy = strategyOf(
    words.filter((word) => word !== size),
    overrides.strategy ?? {},
  );
  const written = right
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(planOf);
  const hasUpdate = written.some(({ action }) => action.kind === "setImage");
  const update: OperatorPlan = {
    atMs: updateAtMs,
    rollout: undefined,
    action: { kind: "setImage", image: secondImage },
  };
  const operator = hasUpdate ? written : [update, ...written];
  const hasOwnRoute = overrides.objects?.some(({ kind }) => routingKinds.includes(kind)) === true;
  return {
    name: line,
    source: `scenarioOf(${[line, ...(Object.keys(overrides).length === 0 ? [] : [overrides])].map((part) => JSON.stringify(part)).join(", ")})`,
    objects: [
      ...(overrides.objects ?? []),
      service(`${rolloutName}-stable`),
      service(`${rolloutName}-canary`),
      ...(hasOwnRoute ? [] : [standardRoute()]),
      rollout(replicas, strategy, overrides),
    ],
    world: { ...quietWorld, operator, ...overrides.world },
    forMs: overrides.forMs ?? 24 * 3_600_000,
  };
}
