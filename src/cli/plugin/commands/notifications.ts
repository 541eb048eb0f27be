import { calledAs, ShowUsage, type PluginCommand } from "../plugin-command.ts";

const subcommands = ["template", "trigger"];

export const command: PluginCommand = {
  flags: [
    {
      name: "config-map",
      type: "string",
      about: "file of the ConfigMap argo-rollouts-notification-configmap",
    },
    { name: "secret", type: "string", about: "file of the Secret, or :empty" },
    { name: "output", short: "o", type: "string", about: "wide|name|json|yaml" },
    { name: "recipient", type: "array", about: "service:recipient; may be given several times" },
  ],
  takes: { least: 0, most: Infinity },
  synopsis: "template|trigger",
  async run({ args: [word], cli, programName }) {
    if (word === undefined) {
      cli.stdout.write(
        `Set of CLI commands that helps manage notifications settings\n\nUsage:\n  ${calledAs(programName)} notifications [command]\n\nAvailable Commands:\n${subcommands.map((name) => `  ${name}`).join("\n")}\n`,
      );
      return 0;
    }
    if (!subcommands.includes(word)) throw new ShowUsage();
    throw new Error(
      "notifications are not carried out by this version yet: no template is rendered and nobody is told",
    );
  },
};
