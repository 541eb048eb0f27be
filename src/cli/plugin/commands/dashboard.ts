import type { PluginCommand } from "../plugin-command.ts";

export const command: PluginCommand = {
  flags: [
    { name: "port", short: "p", type: "int", usual: "3100", about: "port to listen on" },
    { name: "root-path", type: "string", usual: "rollouts", about: "root path of the dashboard" },
  ],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  async run({ programName }) {
    throw new Error(
      `this version of ${programName} has no dashboard yet; see rollouts with \`get rollout NAME --watch\` and \`list rollouts --watch\``,
    );
  },
};
