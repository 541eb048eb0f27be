// Rollout.status: read tolerantly, written without zero values (argo-rollouts.md §1.4).
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../../lib/json.ts";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { asJson } from "../../meta/wire.ts";
import { conform } from "../../schema/conform.ts";
import { rolloutStatusSchema } from "../../schema/rollout-status.ts";
import type { WireOf } from "../../schema/schema.ts";
import { pauseReasons, rolloutConditionTypes, rolloutPhases } from "../rollout-status.ts";
import type { RolloutCondition, RolloutStatus } from "../rollout-status.ts";

const conditionStatuses = ["True", "False", "Unknown"] as const;

type StatusManifest = WireOf<typeof rolloutStatusSchema>;

/** `conform` empties the words it does not know: a condition without its type is none. */
function isKnownCondition({ type, status }: RolloutCondition): boolean {
  return rolloutConditionTypes.includes(type) && conditionStatuses.includes(status);
}

function withoutUnknownWords(status: StatusManifest): RolloutStatus {
  const { conditions, pauseConditions, phase, currentStepIndex = -1, ...rest } = status;
  return {
    ...rest,
    // There is no step before the first one.
    ...(currentStepIndex >= 0 && { currentStepIndex }),
    ...(phase && rolloutPhases.includes(phase) && { phase }),
    ...(conditions && {
      conditions: conditions.filter((condition) => isKnownCondition(condition)),
    }),
    ...(pauseConditions && {
      pauseConditions: pauseConditions.filter(({ reason }) => pauseReasons.includes(reason)),
    }),
  };
}

/** From a status already read by its schema. */
export function statusFrom(status: StatusManifest | undefined): RolloutStatus {
  return withoutUnknownWords(status ?? {});
}

/** The status of a stored Rollout. Malformed parts are as if nobody had written them; never throws. */
export function statusOf(manifest: JsonObject): RolloutStatus {
  return statusFrom(conform(ownProperty(manifest, "status") ?? {}, rolloutStatusSchema).value);
}

/** Fields that stay when zero: the strategies' parts are objects, and 0 and false mean something here. */
const keptWhenZero: ReadonlySet<string> = new Set([
  "canary",
  "blueGreen",
  "currentStepIndex",
  "verified",
  "weight",
  "index",
  "name",
  "status",
]);

/** Written whole: every field of a condition, and a plugin's own state. */
const keptWhole: ReadonlySet<string> = new Set(["conditions", "pauseConditions", "status"]);

function isZero(value: Json): boolean {
  if (value === null || value === "" || value === 0 || value === false) return true;
  if (isJsonArray(value)) return value.length === 0;
  return isJsonObject(value) && entriesOf(value).length === 0;
}

function prunedFields(object: JsonObject): JsonObject {
  const entries = entriesOf(object).flatMap(
    ([key, field]): readonly (readonly [string, Json])[] => {
      const smaller = keptWhole.has(key) ? field : pruned(field);
      const isGone = isZero(smaller) && (smaller === null || !keptWhenZero.has(key));
      return isGone ? [] : [[key, smaller]];
    },
  );
  return Object.fromEntries(entries);
}

function pruned(value: Json): Json {
  if (isJsonArray(value)) return value.map((item) => pruned(item));
  return isJsonObject(value) ? prunedFields(value) : value;
}

/** The status as Argo writes it: zero values left out, `canary` and `blueGreen` always objects. */
export function pruneStatus(status: RolloutStatus): JsonObject {
  return { canary: {}, blueGreen: {}, ...prunedFields(asJson(status)) };
}
