import { expect, it } from "vitest";
import type { Experiment } from "../../api/argo/experiment.ts";
import { experimentScreen } from "./experiment-screen.ts";
import { plainPaint } from "./paint.ts";
import { now, shopTree } from "./shop.test-support.ts";

it("draws an experiment with header lines and the tree below Σ", () => {
  const experiment = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: {
      name: "compare",
      namespace: "web",
      uid: "shop-uid",
      creationTimestamp: "2026-01-01T11:55:00Z",
    },
    spec: { templates: [] },
    status: { phase: "Running", message: "2 templates run" },
  } as unknown as Experiment;
  const lines = experimentScreen(experiment, shopTree(), { paint: plainPaint, now });
  expect(lines.slice(0, 7).map((line) => line.trimEnd())).toEqual([
    "Name:            compare",
    "Namespace:       web",
    "Status:          ◌ Running",
    "Message:         2 templates run",
    "Images:          registry.local/shop:1",
    "                 registry.local/shop:2",
    "",
  ]);
  expect(lines[8]).toMatch(/^Σ compare +Experiment +◌ Running +5m/);
  expect(lines.at(-2)).toMatch(/^└──α shop-5d8f9c7b6-2-1 +AnalysisRun/);
});
