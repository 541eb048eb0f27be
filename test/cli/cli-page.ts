// docs/cli.md, written from the commands themselves: what --help says, as a page.
import { Command, type Option } from "commander";
import { helpOf } from "../../src/cli/command-help.ts";
import { commandTable, type CommandEntry } from "../../src/cli/command-table.ts";
import { declareAll } from "../../src/cli/run.ts";

const intro = `# Commands

\`haldane COMMAND [arguments] [options]\`. This page is written from what the commands declare; a test keeps it so
(\`npx vitest run test/cli/cli-page.test.ts -u\` writes it anew). \`haldane COMMAND --help\` says the same.

- **Which cluster.** A command talks to, in this order: the file of \`--kubeconfig\`; the local cluster whose data directory
  (\`.haldane\`, or \`--data\`) is in the present directory; the files of \`KUBECONFIG\`; \`~/.kube/config\`; the cluster it runs in.
- **Output.** Results go to stdout, errors to stderr as \`Error: where: what; what to do [CODE]\`; [errors](errors.md) has a heading per code.
  Colour is used on a terminal only: \`--no-color\`, \`NO_COLOR\` and \`TERM=dumb\` turn it off, \`FORCE_COLOR\` turns it on in a pipe.
  Live views are drawn in place on a terminal; in a pipe they print a line, or a picture, per change.
- **Exit codes.** 0 done, 1 not done or not understood, and what a command says below.
- **Kinds** may be written as plural, singular or short name: \`rollouts\`, \`rollout\`, \`ro\`; names of objects as \`KIND NAME…\` or \`KIND/NAME\`.
- **Debugging.** \`HALDANE_DEBUG=1\` shows where in the program an error arose.
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function optionRow({ flags, description, defaultValue, negate }: Option): string {
  const usual =
    typeof defaultValue === "string" && !negate ? ` (default: \`${defaultValue}\`)` : "";
  return `| \`${cell(flags)}\` | ${cell(description)}${usual} |`;
}

const isCommon = ({ helpGroupHeading }: Option): boolean => helpGroupHeading === "Common options:";

function table(head: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : [`| ${head} | |`, "|---|---|", ...rows, ""];
}

async function declared({ name, load }: CommandEntry): Promise<Command> {
  const { command: implementation } = await load();
  const words = name.split(" ");
  const command = words.reduce((above, word) => above.command(word), new Command("haldane"));
  declareAll(command, name, implementation);
  return command;
}

function section(name: string, command: Command): string {
  const { about, examples, exitCodes = {} } = helpOf(name);
  const args = command.registeredArguments.map((argument) => {
    const shown = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return {
      shown: argument.required ? `<${shown}>` : `[${shown}]`,
      description: argument.description,
    };
  });
  const synopsis = ["haldane", name, ...args.map(({ shown }) => shown)].join(" ");
  const codes = Object.entries(exitCodes).map(
    ([code, meaning]) => `| ${code} | ${cell(meaning)} |`,
  );
  const lines = [
    `## ${name}`,
    "",
    about,
    "",
    `    ${synopsis}${command.options.some((option) => !isCommon(option)) ? " [options]" : ""}`,
    "",
    ...table(
      "argument",
      args
        .filter(({ description }) => description !== "")
        .map(({ shown, description }) => `| \`${shown}\` | ${cell(description)} |`),
    ),
    ...table("option", command.options.filter((option) => !isCommon(option)).map(optionRow)),
    ...table("exit code", codes),
    "Examples:",
    "",
    ...examples.map(([line, meaning]) =>
      meaning === "" ? `    ${line}` : `    ${line.padEnd(48)}  # ${meaning}`,
    ),
    "",
  ];
  return lines.join("\n");
}

export async function cliPage(): Promise<string> {
  const shown = commandTable.filter(({ isHidden }) => isHidden !== true);
  const sections = await Promise.all(
    shown.map(async (entry) => ({ entry, command: await declared(entry) })),
  );
  const common = sections[0]?.command.options.filter(isCommon) ?? [];
  const overview = shown.map(
    ({ name, summary }) => `| [${name}](#${name.replaceAll(" ", "-")}) | ${cell(summary)} |`,
  );
  return [
    intro,
    ...table("command", overview),
    "## Common options",
    "",
    "Every command understands these, before or after its name:",
    "",
    ...table("option", common.map(optionRow)),
    ...sections.map(({ entry, command }) => section(entry.name, command)),
  ].join("\n");
}
