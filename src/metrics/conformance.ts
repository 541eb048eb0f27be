// One sheet of questions that every provider answers. A test file gives metrics that work and that
// do not; the sheet asks. Providers that take their time are asked until they have ended.
import { describe, expect, it } from "vitest";
import type { AnalysisRun, Measurement, Metric } from "../api/argo/analysis.ts";
import { formatTime } from "../lib/time.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "./provider.ts";

export interface ProviderWorld {
  readonly context: ProviderContext;
  /** A metric the world has an answer to. */
  readonly good: Metric;
  /** Well configured, but the world has no answer (unreachable, gone, refused). */
  readonly unanswerable: Metric;
  /** Not usable; the message must name what is wrong. */
  readonly misconfigured: Metric;
  /** How many things the provider has made outside (Jobs); 0 for those that only ask. */
  readonly made: () => Promise<number>;
  /** For providers that take their time: lets what was started come to its end. */
  readonly finish: () => Promise<void>;
  readonly now: number;
  readonly close: () => Promise<void>;
}

export interface SheetOptions {
  /** Question → why it does not apply. */
  readonly skip?: Readonly<Record<string, string>>;
}

export function questionOf(
  world: Pick<ProviderWorld, "now">,
  metric: Metric,
  signal?: AbortSignal,
): MetricQuestion {
  const run: AnalysisRun = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run", namespace: "default", uid: "3f0a1d2e-0000-4000-8000-000000000001" },
    spec: { metrics: [metric] },
  };
  return { run, metric, now: world.now, signal: signal ?? new AbortController().signal };
}

function measurementOf(
  answer: Extract<MetricAnswer, { kind: "running" }>,
  now: number,
): Measurement {
  const { metadata } = answer;
  return {
    phase: "Running",
    startedAt: formatTime(now),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

async function askToTheEnd(
  provider: MetricProvider,
  world: ProviderWorld,
  metric: Metric,
): Promise<MetricAnswer> {
  const first = await provider.measure(questionOf(world, metric));
  if (first.kind !== "running") return first;
  await world.finish();
  const later = { ...world, now: world.now + 60_000 };
  const resumed = await provider.resume?.(
    questionOf(later, metric),
    measurementOf(first, world.now),
  );
  if (resumed === undefined) throw new Error("answers `running` but cannot resume");
  return resumed;
}

export function describeMetricProvider(
  factory: ProviderFactory,
  makeWorld: () => Promise<ProviderWorld>,
  { skip = {} }: SheetOptions = {},
): void {
  const question = (title: string, answer: (world: ProviderWorld) => Promise<void>): void => {
    const reason = skip[title];
    it.skipIf(reason !== undefined)(
      reason === undefined ? title : `${title} (skipped: ${reason})`,
      async () => {
        const world = await makeWorld();
        try {
          await answer(world);
        } finally {
          await world.close();
        }
      },
    );
  };
  const build = ({ context }: ProviderWorld, metric: Metric): MetricProvider =>
    factory.create(metric, context);

  describe(`${factory.kind} answers the provider sheet`, () => {
    question("comes to a value or a verdict", async (world) => {
      const answer = await askToTheEnd(build(world, world.good), world, world.good);
      expect(["value", "phase"]).toContain(answer.kind);
    });

    question("shows a value as text", async (world) => {
      const answer = await askToTheEnd(build(world, world.good), world, world.good);
      if (answer.kind === "value") expect(answer.text).not.toBe("");
    });

    question("asked the same twice, gives the same and makes nothing twice", async (world) => {
      const first = await build(world, world.good).measure(questionOf(world, world.good));
      const made = await world.made();
      const second = await build(world, world.good).measure(questionOf(world, world.good));
      expect(second).toEqual(first);
      expect(await world.made()).toBe(made);
    });

    question("a world without an answer is an error or no data, never a pass", async (world) => {
      const { unanswerable } = world;
      const answer = await askToTheEnd(build(world, unanswerable), world, unanswerable);
      const isNoData = answer.kind === "value" && answer.result.kind === "nil";
      const isUndecided = answer.kind === "phase" && answer.phase === "Inconclusive";
      const isNoPass = isNoData || isUndecided || answer.kind === "error";
      expect(isNoPass, JSON.stringify(answer)).toBe(true);
      if (answer.kind === "error") expect(answer.message).not.toBe("");
    });

    question("refuses what is not configured, in words", async (world) => {
      expect(() => build(world, world.misconfigured)).toThrow(ProviderError);
    });

    question("ends soon when nobody waits any more, and never rejects", async (world) => {
      const signal = AbortSignal.abort(new Error("stopped"));
      const answer = await build(world, world.good).measure(questionOf(world, world.good, signal));
      expect(["value", "phase", "running", "error"]).toContain(answer.kind);
    });

    question(
      "takes its time only if it says so, and can then be resumed and stopped",
      async (world) => {
        const provider = build(world, world.good);
        expect(provider.resume !== undefined).toBe(factory.capabilities.asynchronous);
        expect(provider.terminate !== undefined).toBe(factory.capabilities.asynchronous);
        const answer = await provider.measure(questionOf(world, world.good));
        if (answer.kind !== "running") return;
        const stopped = await provider.terminate?.(
          questionOf(world, world.good),
          measurementOf(answer, world.now),
        );
        expect(stopped?.kind).toBe("phase");
      },
    );
  });
}
