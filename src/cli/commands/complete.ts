// Answers a shell that asks how a `haldane` command line may go on.
import { answerShell } from "../completion/answer.ts";
import { haldaneShape } from "../completion/haldane-shape.ts";
import { listArgument, type CliCommand, type GlobalOptions } from "../command.ts";

/** The options already typed decide which cluster is asked for names. */
function connectOptions(given: ReadonlyMap<string, string>): GlobalOptions {
  const names = ["namespace", "data", "kubeconfig", "context"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given.get(`--${name}`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export const command: CliCommand = {
  declare(command) {
    command.argument("[words...]").allowUnknownOption();
  },
  async run({ args, cli, options, program }) {
    const shape = haldaneShape(program.commandNames, program.optionsOf);
    await answerShell(listArgument({ args }, 0), shape, {
      cli,
      connect: async (given) => cli.connect({ ...options, ...connectOptions(given) }),
    });
    return 0;
  },
};
