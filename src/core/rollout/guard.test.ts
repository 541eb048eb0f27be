import { describe, expect, it } from "vitest";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { CanaryStrategy } from "../../api/argo/rollout.ts";
import type { Json } from "../../lib/json.ts";
import { ownTemplates, watchOf } from "./guard.ts";

function parsed(guard: string, canary: Json) {
  const annotations = { "haldane.dev/guard": guard };
  return parseRollout({ metadata: { name: "shop", annotations }, spec: { strategy: { canary } } });
}

function strategyOf(guard: string, canary: Json): CanaryStrategy {
  const { strategy } = parsed(guard, canary).rollout.spec;
  if (strategy.kind !== "canary") throw new Error("not a canary");
  return strategy;
}

describe("the guard", () => {
  it("watches from the first weight on, with the judge's settings written out", () => {
    const steps = [{ setWeight: 0 }, { pause: {} }, { setWeight: 10 }, { pause: {} }];
    const strategy = strategyOf("latency, errors", { steps });
    expect(watchOf(strategy)).toMatchObject({
      templates: [{ templateName: "haldane.dev/guard" }],
      startingStep: 3,
    });
    const [template] = ownTemplates(strategy);
    expect(template?.spec.metrics?.[0]).toMatchObject({
      name: "guard",
      interval: "10s",
      provider: {
        plugin: {
          "haldane.dev/sequential": {
            source: "traffic",
            metrics: [
              { kind: "errors", objective: { share: "5%" }, negligible: "0.1%" },
              { kind: "latency", warmUp: "30s" },
            ],
            alpha: 0.01,
            margin: "20%",
          },
        },
      },
    });
  });

  it("counts where the annotation beside it says", () => {
    const source = { prometheus: { address: "http://prometheus:9090", preset: "istio" } };
    const read = (text: string) =>
      parseRollout({
        metadata: {
          name: "shop",
          annotations: { "haldane.dev/guard": "errors", "haldane.dev/guard-source": text },
        },
        spec: { strategy: { canary: { steps: [{ setWeight: 5 }] } } },
      });
    const { strategy } = read(JSON.stringify(source)).rollout.spec;
    const [template] = strategy.kind === "canary" ? ownTemplates(strategy) : [];
    expect(template?.spec.metrics?.[0]?.provider).toMatchObject({
      plugin: { "haldane.dev/sequential": { source } },
    });
    const messages = read("prometheus").problems.map(({ message }) => message);
    expect(messages.join("\n")).toContain("must be JSON such as");
  });

  it("joins an analysis of one's own, which says when to begin", () => {
    const analysis = { templates: [{ templateName: "mine" }], startingStep: 2 };
    const watch = watchOf(strategyOf("errors", { steps: [{ setWeight: 5 }], analysis }));
    expect(watch?.templates.map(({ templateName }) => templateName)).toEqual([
      "mine",
      "haldane.dev/guard",
    ]);
    expect(watch?.startingStep).toBe(2);
  });

  it.each([
    [
      "errors,latncy",
      { steps: [{ setWeight: 5 }] },
      '"latncy" is not known, did you mean latency?',
    ],
    [" , ", { steps: [{ setWeight: 5 }] }, "names nothing; use errors, latency"],
    ["errors", {}, "needs a canary strategy with steps"],
  ])("%j of %j is a problem of the Rollout", (guard, canary, problem) => {
    const { problems } = parsed(guard, canary);
    expect(
      problems.map(({ path, message }) => `${path.join(" ")} ${message}`).join("\n"),
    ).toContain(`metadata annotations haldane.dev/guard ${problem}`);
  });
});

describe("the pause until it is safe", () => {
  const read = (config: Json) => {
    const steps = [{ plugin: { name: "haldane.dev/pause-until-safe", config } }];
    return parseRollout({ metadata: { name: "shop" }, spec: { strategy: { canary: { steps } } } });
  };

  it("is a step of its own kind", () => {
    const { rollout, problems } = read({ max: "30m", atMax: "proceed" });
    expect(problems.filter(({ path }) => path.includes("steps"))).toEqual([]);
    expect(rollout.spec.strategy).toMatchObject({
      steps: [{ kind: "pauseUntilSafe", maxSeconds: 1800, maxText: "30m", atMax: "proceed" }],
    });
  });

  it.each<[Json, string]>([
    [{ max: "soon" }, "is no duration"],
    [{ max: -5 }, "is no duration"],
    [{ atMax: "promote" }, "must be one of hold, proceed"],
    [{ mx: "5m" }, "did you mean max?"],
    ["30m", "must be an object of max, atMax"],
  ])("with %j is a problem, and waits without end", (config, problem) => {
    const { rollout, problems } = read(config);
    expect(problems.map(({ message }) => message).join("\n")).toContain(problem);
    expect(rollout.spec.strategy).toMatchObject({
      steps: [{ kind: "pauseUntilSafe", maxSeconds: undefined, atMax: "hold" }],
    });
  });
});
