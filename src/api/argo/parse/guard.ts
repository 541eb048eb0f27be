// The annotation haldane.dev/guard: `errors,latency` lets the sequential judge watch a canary.
import { didYouMean } from "../../../lib/did-you-mean.ts";
import type { ObjectMeta } from "../../meta/object.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../../lib/json.ts";
import { guardAnnotation, guardSourceAnnotation } from "../keys.ts";
import { guardedMetrics } from "../rollout.ts";
import type { GuardedMetric } from "../rollout.ts";
import type { Problem } from "./problem.ts";

interface ReadGuard {
  readonly value: readonly GuardedMetric[];
  readonly source?: JsonObject;
  readonly problems: readonly Problem[];
}

const path = ["metadata", "annotations", guardAnnotation];
const sourcePath = ["metadata", "annotations", guardSourceAnnotation];

type ReadSource = Pick<ReadGuard, "source" | "problems">;

function sourceOf({ annotations = {} }: Pick<ObjectMeta, "annotations">): ReadSource {
  const text = annotations[guardSourceAnnotation];
  if (text === undefined) return { problems: [] };
  const json = parseJson(text);
  if (json.ok && isJsonObject(json.value)) return { source: json.value, problems: [] };
  const example = '{"prometheus":{"address":"http://prometheus:9090","preset":"istio"}}';
  const found = json.ok ? "it is no object" : json.problem;
  return { problems: [{ path: sourcePath, message: `must be JSON such as ${example}: ${found}` }] };
}

function unknownWord(word: string): Problem {
  const meant = didYouMean(word, guardedMetrics);
  const hint = meant === undefined ? "" : `, did you mean ${meant}?`;
  return { path, message: `"${word}" is not known${hint}; use ${guardedMetrics.join(", ")}` };
}

/** `hasSteps`: the strategy is a canary with steps, which is what there is to guard. */
export function guardOf(metadata: Pick<ObjectMeta, "annotations">, hasSteps: boolean): ReadGuard {
  const text = metadata.annotations?.[guardAnnotation];
  if (text === undefined) return { value: [], problems: [] };
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const value = guardedMetrics.filter((known) => words.includes(known));
  const unknown = words.filter((word) => !guardedMetrics.some((known) => known === word));
  const { source, problems: ofSource } = sourceOf(metadata);
  const problems = [...unknown.map((word) => unknownWord(word)), ...ofSource];
  if (words.length === 0)
    return {
      value,
      problems: [{ path, message: `names nothing; use ${guardedMetrics.join(", ")}` }],
    };
  if (hasSteps) return { value, problems, ...(source === undefined ? {} : { source }) };
  const message = "needs a canary strategy with steps: without them there is nothing to hold back";
  return { value: [], problems: [...problems, { path, message }] };
}
