// Argo's lint: fields nobody knows, then the rules of every Rollout and what it names in the same file.
import { parseRollout } from "../../../api/argo/parse/rollout.ts";
import { validateRollout } from "../../../api/argo/validate/rollout.ts";
import {
  formatFieldError,
  fieldErrorBody,
  type FieldError,
} from "../../../api/meta/field-error.ts";
import { schemaOf } from "../../../api/schema/kinds.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { print, textOption } from "../../command.ts";
import { lintReferences } from "../lint-references.ts";
import { ShowUsage, type PluginCommand } from "../plugin-command.ts";
import { readText, requireStrict, textAt } from "../read-strictly.ts";

/** Kinds that are read strictly; templates of analyses are not among them. */
const strictKinds = ["Rollout", "Service"];

async function requireReadable(object: JsonObject): Promise<void> {
  const kind = textAt(object, "kind");
  const schema = schemaOf(textAt(object, "apiVersion"), kind);
  if (schema !== undefined && strictKinds.includes(kind)) await requireStrict(object, schema);
}

function errorsOf(rollout: JsonObject, all: readonly JsonObject[]): readonly FieldError[] {
  return [...validateRollout(rollout), ...lintReferences(parseRollout(rollout).rollout, all)];
}

export const command: PluginCommand = {
  flags: [{ name: "filename", short: "f", type: "string", about: "File to lint" }],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  async run(call) {
    const file = textOption(call, "filename");
    if (file === undefined) throw new ShowUsage();
    const { documents, problems } = await readText(file, call.cli);
    const [problem] = problems;
    if (problem) throw new Error(`${file}:${problem.position.line}: ${problem.problem}`);
    const objects = documents.map(({ object }) => object);
    for (const object of objects) await requireReadable(object);
    const rollouts = objects.filter((object) => textAt(object, "kind") === "Rollout");
    const errors = rollouts.flatMap((rollout) => errorsOf(rollout, objects));
    for (const error of errors) print(call.cli, fieldErrorBody(error));
    const [first] = errors;
    if (first) throw new Error(formatFieldError(first));
    return 0;
  },
};
