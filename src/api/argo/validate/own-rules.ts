// What Argo lets pass and only stumbles over later: shares that are no numbers, an experiment of an
// unknown version, a setCanaryScale that says nothing. The parser found it; here it is an error.
import { isJsonArray, isJsonObject } from "../../../lib/json.ts";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { formatPath } from "../../meta/field-path.ts";
import type { FieldPath } from "../../meta/field-path.ts";
import { invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import { parseRollout } from "../parse/rollout.ts";
import { placeOfManifestPath } from "./places.ts";

/** The value at a path, or null where there is none. */
export function valueAt(value: Json | undefined, path: FieldPath): Json {
  const found = path.reduce<Json | undefined>((at, segment) => {
    if (typeof segment === "number") return isJsonArray(at) ? at[segment] : undefined;
    return isJsonObject(at) && Object.hasOwn(at, segment) ? at[segment] : undefined;
  }, value);
  return found ?? null;
}

/** Problems of parsing at places where none of `already` is. */
export function ownRules(
  manifest: JsonObject,
  already: readonly FieldError[],
): readonly FieldError[] {
  const spoken = already.map(({ path }) => formatPath(path));
  return parseRollout(manifest)
    .problems.filter(({ path }) => {
      const at = formatPath(path);
      return !spoken.some(
        (other) => other === at || other.startsWith(`${at}.`) || other.startsWith(`${at}[`),
      );
    })
    .map(({ path, message }) =>
      invalid(placeOfManifestPath(path), valueAt(manifest, path), message),
    );
}
