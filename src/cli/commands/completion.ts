import { completionScript, shells } from "../completion/scripts.ts";
import { textArgument, usageError, type CliCommand } from "../command.ts";

export const command: CliCommand = {
  declare(command) {
    command.argument("<shell>", shells.join(", "));
  },
  async run(call) {
    const shell = textArgument(call, 0) ?? "";
    const script = completionScript(shell, { program: "haldane", ask: "haldane __complete --" });
    if (script === undefined)
      throw usageError(
        call,
        `"${shell}" is not a shell this program knows; use ${shells.join(", ")}`,
      );
    call.cli.stdout.write(script);
    return 0;
  },
};
