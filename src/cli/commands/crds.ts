// Prints the definitions a Kubernetes cluster needs to know our kinds.
import { customResourceDefinitions } from "../../api/schema/crds.ts";
import type { NamedDefinition } from "../../api/schema/crds.ts";
import { resourceTypeNamed } from "../../api/resources.ts";
import { listArgument, textOption, usageError } from "../command.ts";
import type { CliCommand, CommandCall } from "../command.ts";

const outputs = ["yaml", "json"] as const;

function named(word: string, all: readonly NamedDefinition[], call: CommandCall): NamedDefinition {
  const type = resourceTypeNamed(word);
  const found = all.find((candidate) => candidate.type === type);
  if (found) return found;
  const known = all.map(({ type: { plural } }) => plural).join(", ");
  throw usageError(call, `there is no definition of "${word}"; use ${known}, or none for all`);
}

async function yamlOf(definitions: readonly NamedDefinition[]): Promise<string> {
  const { yamlText } = await import("../../api/yaml/write.ts");
  return definitions.map(({ definition }) => yamlText(definition, { width: 120 })).join("---\n");
}

function jsonOf(definitions: readonly NamedDefinition[]): string {
  const items = definitions.map(({ definition }) => definition);
  const [only] = items;
  const whole = items.length === 1 ? only : { apiVersion: "v1", kind: "List", items };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

async function run(call: CommandCall): Promise<number> {
  const output = textOption(call, "output") ?? "yaml";
  if (!outputs.some((known) => known === output))
    throw usageError(call, `-o ${output} is not known; use ${outputs.join(" or ")}`);
  const all = customResourceDefinitions();
  const words = listArgument(call, 0);
  const chosen = words.length === 0 ? all : words.map((word) => named(word, all, call));
  const unique = [...new Set(chosen)];
  call.cli.stdout.write(output === "json" ? jsonOf(unique) : await yamlOf(unique));
  return 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[names...]", "only these kinds: rollouts, ro, AnalysisRun, …; all if left out")
      .option("-o, --output <format>", outputs.join(" or "), "yaml");
  },
  run,
};
