// Why an analysis run says what it says: the evidence at every look, the figures behind it, and what
// it had to reach. Judged again from what was recorded, so nothing has to be running any more.
import { metricsOf, findRun } from "../judge/judged-run.ts";
import { explainMetric, runTitle } from "../judge/explained.ts";
import { print, textArgument, wantsJson, type CliCommand } from "../command.ts";
import { withConnection } from "../with-connection.ts";

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<run>", "an analysis run, or a rollout: the run it is judged by")
      .option("-o, --output <format>", "json");
  },
  async run(call) {
    const isJson = wantsJson(call);
    const name = textArgument(call, 0) ?? "";
    await withConnection(call, async ({ store, namespace }) => {
      const run = await findRun(store, namespace, name);
      const explained = metricsOf(run).map(explainMetric);
      if (isJson) {
        const { phase = "Pending", message = "" } = run.status ?? {};
        const metrics = explained.map(({ json }) => json);
        const whole = { run: run.metadata.name, phase, message, metrics };
        print(call.cli, JSON.stringify(whole, undefined, 2));
        return;
      }
      print(call.cli, runTitle(run));
      for (const { lines } of explained) print(call.cli, ["", ...lines].join("\n"));
    });
    return 0;
  },
};
