// The patch types that only need the object itself: RFC 7386, RFC 6902 and Kubernetes' strategic
// merge. Server-side apply, which also knows who wrote what, has a folder of its own.
import type { ResourceType } from "../../api/resources.ts";
import { applyJsonPatch } from "../../lib/json-patch.ts";
import type { Json } from "../../lib/json.ts";
import { applyMergePatch } from "../../lib/merge-patch.ts";
import { StoreError, type Patch } from "../object-store.ts";
import { isCustomResource, shapeOf } from "./list-schema.ts";
import type { Stored } from "./stored.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";

const patchTypesOfCustomResources =
  "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/**
 * The object a patch makes of `existing` (an object or its Scale). Throws Invalid for a JSON patch that does
 * not fit, BadRequest for a malformed one, UnsupportedMediaType for a strategic patch of a custom resource.
 */
export function patched(
  type: ResourceType,
  existing: Stored,
  patch: Exclude<Patch, { type: "apply" }>,
): Json {
  switch (patch.type) {
    case "merge":
      return applyMergePatch(existing, patch.body);
    case "strategic":
      if (!isCustomResource(type)) return applyStrategicMerge(existing, patch.body, shapeOf(type));
      throw new StoreError(
        "UnsupportedMediaType",
        `the body of the request was in an unknown format - accepted media types include: ${patchTypesOfCustomResources}`,
      );
    case "json": {
      const result = applyJsonPatch(existing, patch.body);
      if (result.ok) return result.value;
      const what = `the server rejected our request due to an error in our request: ${result.message}`;
      throw new StoreError("Invalid", what);
    }
  }
}
