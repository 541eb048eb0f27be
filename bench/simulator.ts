// How fast the simulator plays: a rollout that takes a day, judged all the while, promoted or taken
// back at the end; and a short one. npx tsx bench/simulator.ts [rounds]
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../src/api/meta/object.ts";
import { quietWorld, type Scenario } from "../src/simulator/scenario.ts";
import { simulate } from "../src/simulator/simulate.ts";
import { median, report } from "./report.ts";

const rounds = Number(process.argv[2] ?? 7);
const hourMs = 3_600_000;
const updateAtMs = 600_000;

interface Course {
  readonly name: string;
  readonly pause: string;
  readonly interval: string;
  /** When the version begins to fail; undefined = never. */
  readonly failsAtMs: number | undefined;
  readonly forMs: number;
}

const courses: readonly Course[] = [
  {
    name: "a day, judged each 5 m, promoted",
    pause: "8h",
    interval: "5m",
    failsAtMs: undefined,
    forMs: 30 * hourMs,
  },
  {
    name: "a day, judged each 30 s, promoted",
    pause: "8h",
    interval: "30s",
    failsAtMs: undefined,
    forMs: 30 * hourMs,
  },
  {
    name: "fails after 23 h, taken back",
    pause: "8h",
    interval: "5m",
    failsAtMs: 23 * hourMs,
    forMs: 30 * hourMs,
  },
  {
    name: "20 m, judged each 30 s, promoted",
    pause: "400s",
    interval: "30s",
    failsAtMs: undefined,
    forMs: hourMs,
  },
];

function objectsOf({ pause, interval }: Course): readonly KubeObject[] {
  const text = `
apiVersion: v1
kind: Service
metadata: { name: shop-stable }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop-canary }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: web }]
  rules: [{ backendRefs: [{ name: shop-stable, port: 80, weight: 100 }, { name: shop-canary, port: 80, weight: 0 }] }]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: errors }
spec:
  args: [{ name: canary }]
  metrics:
    - name: errors
      interval: ${interval}
      initialDelay: ${interval}
      successCondition: result < 0.05
      failureLimit: 2
      provider:
        plugin:
          haldane.dev/traffic: { service: shop-canary, version: "{{args.canary}}", query: errorRate, window: ${interval}, minRequests: 20 }
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 5
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: app, image: "shop:v1" }] }
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      trafficRouting: { plugins: { argoproj-labs/gatewayAPI: { httpRoute: shop } } }
      analysis:
        templates: [{ templateName: errors }]
        startingStep: 1
        args: [{ name: canary, valueFrom: { podTemplateHashValue: Latest } }]
      steps: [{ setWeight: 5 }, { pause: { duration: ${pause} } }, { setWeight: 25 }, { pause: { duration: ${pause} } }, { setWeight: 50 }, { pause: { duration: ${pause} } }]`;
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

function scenarioOf(course: Course): Scenario {
  const errorPercent = [
    { atMs: 0, value: 0.1 },
    ...(course.failsAtMs === undefined ? [] : [{ atMs: course.failsAtMs, value: 20 }]),
  ];
  const world = {
    ...quietWorld,
    versions: { "shop:v2": { ...quietWorld.defaultVersion, errorPercent } },
    operator: [
      {
        atMs: updateAtMs,
        rollout: "shop",
        action: { kind: "setImage", image: "shop:v2" } as const,
      },
    ],
  };
  return {
    name: course.name,
    source: "bench/simulator.ts",
    objects: objectsOf(course),
    world,
    forMs: course.forMs,
  };
}

interface AnalysisRunObject extends KubeObject {
  readonly status?: { readonly metricResults?: readonly { readonly count?: number }[] };
}

interface Measured {
  readonly wallMs: number;
  /** What it costs on a machine that has other things to do, too. */
  readonly cpuMs: number;
  readonly simulatedHours: number;
  readonly measurements: number;
}

async function play(course: Course): Promise<Measured> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const played = await simulate(scenarioOf(course));
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - startedMs;
  const phase = played.lines.at(-1)?.phase;
  const expected = course.failsAtMs === undefined ? "Healthy" : "Degraded";
  if (phase !== expected)
    throw new Error(`${course.name}: ended ${String(phase)}, not ${expected}`);
  const runs = (
    await played.store.list<AnalysisRunObject>({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
    })
  ).items;
  const measurements = runs
    .flatMap(({ status }) => status?.metricResults ?? [])
    .reduce((sum, { count = 0 }) => sum + count, 0);
  return {
    wallMs,
    cpuMs: (user + system) / 1000,
    simulatedHours: played.endedAtMs / hourMs,
    measurements,
  };
}

const rows = [];
for (const course of courses) {
  await play(course);
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await play(course));
  const cpuMs = median(all.map((each) => each.cpuMs));
  const wallMs = median(all.map((each) => each.wallMs));
  const { simulatedHours = 0, measurements = 0 } = all[0] ?? {};
  const isDay = simulatedHours > 23 && course.interval === "5m";
  rows.push({
    name: course.name,
    values: {
      "simulated h": simulatedHours,
      measurements,
      ms: wallMs,
      "CPU ms": cpuMs,
      "simulated h per s": (simulatedHours / wallMs) * 1000,
    },
    ...(isDay ? { bound: { value: "ms", most: 1000 } } : {}),
  });
}
report("simulator", `Rollouts in virtual time, medians of ${String(rounds)} rounds`, rows);
