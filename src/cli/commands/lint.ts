// Says what is wrong with manifests before any cluster sees them. Exit 1 if there are errors.
import { formatPlace, levels, type Finding, type Level } from "../../api/lint/finding.ts";
import type { SourceDocument } from "../../api/yaml/documents.ts";
import type { Tint } from "../../core/view/icons.ts";
import { isHaldaneError } from "../../lib/errors.ts";
import { findingsOf } from "../check-manifests.ts";
import {
  listArgument,
  listOption,
  print,
  textOption,
  usageError,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { mappingOf } from "../local/local-images.ts";
import { isOurs, readSources } from "../read-manifests.ts";
import type { Paint } from "../render/paint.ts";

const outputs = ["text", "json"] as const;
const tints = { error: "red", warning: "yellow", notice: "lightBlue" } as const satisfies Record<
  Level,
  Tint
>;

/** Our own documents have readers that stop at their first mistake. */
async function ownProblem(document: SourceDocument, cwd: string): Promise<readonly Finding[]> {
  const { parseSimulation } = await import("../../simulator/document.ts");
  try {
    if (document.object["kind"] === "Simulation") parseSimulation(document);
    else mappingOf(document, cwd);
    return [];
  } catch (error) {
    if (!isHaldaneError(error)) throw error;
    const { where, what, wayOut } = error.words;
    const [, line = "1", column = "1"] =
      /:(\d+):(\d+)/.exec(where.slice(document.file.length)) ?? [];
    const position = { line: Number(line), column: Number(column) };
    const field = where.slice(formatPlace(document.file, position).length).replace(/^: /, "");
    return [
      {
        level: "error",
        code: error.code,
        file: document.file,
        position,
        field,
        what,
        wayOut,
        text: error.message,
      },
    ];
  }
}

async function allFindings(
  names: readonly string[],
  call: CommandCall,
): Promise<readonly Finding[]> {
  const { documents, problems } = await readSources(names, call.cli);
  const objects = documents.filter((document) => !isOurs(document));
  const { sourceFindings } = await import("../../api/lint/lint.ts");
  const ours = await Promise.all(
    documents.filter(isOurs).map(async (document) => ownProblem(document, call.cli.cwd)),
  );
  return [...sourceFindings(problems), ...ours.flat(), ...(await findingsOf(objects))].toSorted(
    byPlace,
  );
}

function byPlace(left: Finding, right: Finding): number {
  const byFile = left.file < right.file ? -1 : left.file > right.file ? 1 : 0;
  return (
    byFile ||
    left.position.line - right.position.line ||
    left.position.column - right.position.column
  );
}

/** `shop.yaml:7:3: error: spec.replicas: must be …; write …` */
export function findingLine(
  { file, position, level, field, what, wayOut }: Finding,
  paint: Paint,
): string {
  const subject = field === "" ? "" : `${field}: `;
  return `${formatPlace(file, position)}: ${paint(level, tints[level])}: ${subject}${what}; ${wayOut}`;
}

function counted(findings: readonly Finding[]): readonly string[] {
  return levels.flatMap((level) => {
    const count = findings.filter((finding) => finding.level === level).length;
    return count === 0 ? [] : [`${count} ${level}${count === 1 ? "" : "s"}`];
  });
}

async function run(call: CommandCall): Promise<number> {
  const { cli } = call;
  const output = textOption(call, "output") ?? "text";
  if (!outputs.some((known) => known === output))
    throw usageError(call, `-o ${output} is not known; use ${outputs.join(" or ")}`);
  const names = [...listOption(call, "filename"), ...listArgument(call, 0)];
  if (names.length === 0)
    throw usageError(call, "say which files to check: haldane lint -f FILE|DIR");
  const findings = await allFindings(names, call);
  if (output === "json") print(cli, JSON.stringify(findings, undefined, 2));
  else {
    for (const finding of findings) print(cli, findingLine(finding, cli.paint(call.options)));
    print(cli, counted(findings).join(", ") || "no findings");
  }
  return findings.some(({ level }) => level === "error") ? 1 : 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[files...]", "the same as -f")
      .option("-f, --filename <file...>", "manifests: files, directories, or - for standard input")
      .option("-o, --output <format>", outputs.join(" or "), "text");
  },
  run,
};
