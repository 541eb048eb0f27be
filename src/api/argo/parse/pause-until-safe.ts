// The configuration of the step plugin haldane.dev/pause-until-safe: { max: 30m, atMax: hold | proceed }.
import { didYouMean } from "../../../lib/did-you-mean.ts";
import { isJsonObject, ownProperty } from "../../../lib/json.ts";
import type { Json, JsonObject } from "../../../lib/json.ts";
import type { FieldPath } from "../../meta/field-path.ts";
import type { PauseUntilSafeStep } from "../rollout.ts";
import { pauseSecondsOf } from "./duration.ts";
import { shown } from "./problem.ts";
import type { Problem } from "./problem.ts";

const fields = ["max", "atMax"] as const;
const endings = ["hold", "proceed"] as const;

function unknownFields(config: JsonObject, path: FieldPath): readonly Problem[] {
  return Object.keys(config)
    .filter((name) => !fields.some((known) => known === name))
    .map((name) => {
      const meant = didYouMean(name, fields);
      const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
      return {
        path: [...path, name],
        message: `unknown field${hint}; known: ${fields.join(", ")}`,
      };
    });
}

interface Read<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

type Max = Pick<PauseUntilSafeStep, "maxSeconds" | "maxText">;

function maxOf(config: JsonObject, path: FieldPath): Read<Max> {
  const max = ownProperty(config, "max") ?? undefined;
  const none = { maxSeconds: undefined, maxText: undefined };
  if (max === undefined) return { value: none, problems: [] };
  const text = typeof max === "number" || typeof max === "string" ? max : "";
  const seconds = pauseSecondsOf(text);
  if (seconds !== undefined && seconds > 0)
    return { value: { maxSeconds: seconds, maxText: String(text) }, problems: [] };
  const message = `${shown(max)} is no duration; write seconds (30) or text such as 5m or 1h30m`;
  return { value: none, problems: [{ path: [...path, "max"], message }] };
}

function endingOf(config: JsonObject, path: FieldPath): Read<PauseUntilSafeStep["atMax"]> {
  const asked = ownProperty(config, "atMax") ?? "hold";
  const atMax = endings.find((known) => known === asked);
  if (atMax !== undefined) return { value: atMax, problems: [] };
  const message = `must be one of ${endings.join(", ")}, but is ${shown(asked)}`;
  return { value: "hold", problems: [{ path: [...path, "atMax"], message }] };
}

/** What cannot be read leaves the strictest pause: until safe, without an end. */
export function pauseUntilSafeOf(
  written: Json | undefined,
  path: FieldPath,
): Read<PauseUntilSafeStep> {
  const isObject = isJsonObject(written);
  const config = isObject ? written : {};
  const isOther = !isObject && written !== undefined && written !== null;
  const message = `must be an object of ${fields.join(", ")}`;
  const max = maxOf(config, path);
  const ending = endingOf(config, path);
  const problems = [
    ...(isOther ? [{ path, message }] : []),
    ...unknownFields(config, path),
    ...max.problems,
    ...ending.problems,
  ];
  return { value: { kind: "pauseUntilSafe", ...max.value, atMax: ending.value }, problems };
}
