// Which fields of an object its kind does not have, in the words of Kubernetes' strict decoder.
import { formatPath } from "../../api/meta/field-path.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { schemaOf } from "../../api/schema/kinds.ts";
import { unknownFields } from "../../api/schema/unknown-fields.ts";

/** `unknown field "spec.stratgy"`, one for each; nothing for kinds without a schema. */
export function unknownFieldWarnings(object: KubeObject): readonly string[] {
  const schema = schemaOf(object.apiVersion, object.kind);
  if (schema === undefined) return [];
  return unknownFields(asJson(object), schema).map(
    ({ path }) => `unknown field "${formatPath(path)}"`,
  );
}
