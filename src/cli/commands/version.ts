import { print, type CliCommand } from "../command.ts";

export const command: CliCommand = {
  declare: () => undefined,
  async run({ cli }) {
    print(cli, `haldane: v${cli.version}`);
    return 0;
  },
};
