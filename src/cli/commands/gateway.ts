// The gateway process, started by `up`; not meant to be typed.
import { textOption, CliError, type CliCommand } from "../command.ts";

export const command: CliCommand = {
  declare(command) {
    command.requiredOption("--gateway-dir <dir>", "where the gateway keeps its state");
  },
  async run(call) {
    const dataDir = textOption(call, "gatewayDir");
    if (dataDir === undefined) throw new CliError("--gateway-dir is required");
    const { runGateway } = await import("../../gateway/main.ts");
    const gateway = await runGateway({ dataDir });
    await gateway.ended;
    return 0;
  },
};
