// Judged canaries on a cluster: counts come from a Prometheus and a web endpoint of the test's own, which know the
// versions that fail; stored runs are then explained, judged again and planned from.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  loopback,
  type Heard,
  type Loopback,
  type Reply,
} from "../../src/metrics/loopback.test-support.ts";
import { kubeconfigFiles } from "./kubeconfig.test-support.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const main = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
const run = promisify(execFile);

/** `haldane` as a process of its own, against the cluster under test: stdout. */
export async function haldane(...args: readonly string[]): Promise<string> {
  return haldaneAs(kubeconfigFiles().join(path.delimiter), ...args);
}

/** The same as whoever a kubeconfig says. */
export async function haldaneAs(kubeconfig: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const { stdout } = await run(process.execPath, ["--import", tsx, main, ...args], {
    env,
    cwd: import.meta.dirname,
    maxBuffer: 1 << 27,
  });
  return stdout;
}

/** Per second and version. */
const requests = 500;
const usualFailures = 10;
const badFailures = 100;
const scrapeMs = 1000;

export interface Counted extends Loopback {
  /** From now on this version (a pod-template hash) fails one request in five. */
  breakVersion(hash: string): void;
}

type FailuresOf = (version: string) => number;

/** Istio's counters as a Prometheus that scrapes each second has them: `selector[Ns]` at the asked time. */
function istioSamples({ body }: Heard, failuresOf: FailuresOf, beganMs: number): Reply {
  const form = new URLSearchParams(body);
  const [, selector = "", seconds = "0"] =
    /^([\s\S]*)\[(\d+)s\]$/.exec(form.get("query") ?? "") ?? [];
  const untilMs = Number(form.get("time")) * 1000;
  const [, version = ""] = /-(\w+)-\.\+"/.exec(selector) ?? [];
  const [, name = ""] = /^(\w+)\{/.exec(selector) ?? [];
  const series = (labels: object, perScrape: number): object => ({
    metric: { __name__: name, pod: `shop-${version}-1`, ...labels },
    values: Array.from({ length: Number(seconds) }, (_, index) => {
      const atMs = Math.floor(untilMs / scrapeMs - index) * scrapeMs;
      return [atMs / 1000, String(((atMs - beganMs) / scrapeMs) * perScrape)];
    })
      .filter(([atSeconds]) => Number(atSeconds) * 1000 >= beganMs)
      .reverse(),
  });
  const histogram = ["5", "10", "25", "+Inf"].map((le) =>
    series({ le }, le === "5" ? requests / 2 : requests),
  );
  const isFailed = selector.includes("response_code");
  const counter = [series({}, isFailed ? failuresOf(version) : requests)];
  const result = name.endsWith("_bucket") ? histogram : counter;
  return { body: JSON.stringify({ status: "success", data: { resultType: "matrix", result } }) };
}

/** Ticks of a second each, as a `web` source asks for them. */
function ticks({ query }: Heard, failuresOf: FailuresOf): Reply {
  const [since, until] = ["since", "until"].map((key) => Date.parse(query.get(key) ?? ""));
  const first = Math.ceil((since ?? 0) / scrapeMs);
  const count = Math.max(0, Math.floor((until ?? 0) / scrapeMs) - first);
  const errorsOf = (version: string | null): object => ({
    total: requests,
    count: failuresOf(version ?? ""),
  });
  const all = Array.from({ length: Math.min(count, 600) }, (_, index) => ({
    from: (first + index) * scrapeMs,
    to: (first + index + 1) * scrapeMs,
    requests: { canary: requests, stable: requests },
    samples: {
      errors: { canary: errorsOf(query.get("canary")), stable: errorsOf(query.get("stable")) },
    },
  }));
  return { body: JSON.stringify({ ticks: all }) };
}

/** Any query over a range is answered by the same value at every step. */
function ones({ body }: Heard): Reply {
  const form = new URLSearchParams(body);
  const [start = 0, end = 0, step = 1] = ["start", "end", "step"].map((key) =>
    Number(form.get(key)),
  );
  const count = Math.floor((end - start) / step) + 1;
  const values = Array.from({ length: count }, (_, index) => [start + index * step, "1"]);
  const data = { resultType: "matrix", result: [{ metric: {}, values }] };
  return { body: JSON.stringify({ status: "success", data }) };
}

/** `<url>` is the Prometheus, `<url>/ticks` the web endpoint. */
export async function startCounted(): Promise<Counted> {
  const beganMs = Math.floor(Date.now() / scrapeMs) * scrapeMs - 600_000;
  const bad = new Set<string>();
  const failuresOf: FailuresOf = (version) => (bad.has(version) ? badFailures : usualFailures);
  const server = await loopback((heard) => {
    if (heard.path === "/ticks") return ticks(heard, failuresOf);
    if (heard.path.endsWith("/query_range")) return ones(heard);
    return istioSamples(heard, failuresOf, beganMs);
  });
  return { ...server, breakVersion: (hash) => void bad.add(hash) };
}

const rollout = (name: string, image: string, annotations: object, canary: object): object => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, annotations },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "app", image }] },
    },
    strategy: { canary },
  },
});

const untilSafe = { plugin: { name: "haldane.dev/pause-until-safe", config: { max: "100s" } } };

/** The short form: one annotation, and a second one that says where is counted. */
export function guarded(name: string, image: string, prometheus: string): object {
  const source = { prometheus: { address: prometheus, preset: "istio", tick: "1s" } };
  const annotations = {
    "haldane.dev/guard": "errors,latency",
    "haldane.dev/guard-source": JSON.stringify(source),
  };
  return rollout(name, image, annotations, { steps: [{ setWeight: 50 }, untilSafe] });
}

export const template = (url: string): object => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name: "judged" },
  spec: {
    args: [{ name: "canary-hash" }, { name: "stable-hash" }],
    metrics: [
      {
        name: "judged",
        interval: "20s",
        provider: {
          plugin: {
            "haldane.dev/sequential": {
              source: {
                web: {
                  url: `${url}/ticks?canary=\${canary}&stable=\${stable}&since=\${since}&until=\${until}`,
                },
              },
              metrics: [{ kind: "errors", margin: "10%" }],
              warmUp: "2s",
            },
          },
        },
      },
    ],
  },
});

/** The long form: a template with the judge's own block, in the background. */
export function byTemplate(name: string, image: string): object {
  const analysis = {
    templates: [{ templateName: "judged" }],
    startingStep: 1,
    args: [
      { name: "canary-hash", valueFrom: { podTemplateHashValue: "Latest" } },
      { name: "stable-hash", valueFrom: { podTemplateHashValue: "Stable" } },
    ],
  };
  return rollout(name, image, {}, { analysis, steps: [{ setWeight: 50 }, untilSafe] });
}
