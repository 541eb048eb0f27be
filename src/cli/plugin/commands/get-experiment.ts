import type { Experiment } from "../../../api/argo/experiment.ts";
import type { Connection } from "../../command.ts";
import { namesOf } from "../../completion/sources.ts";
import { fetchBelow, treeScopes } from "../../fetch-tree.ts";
import { experimentScreen } from "../../render/experiment-screen.ts";
import { argoRef, inCluster, readCached } from "../cluster.ts";
import { show, watchFlag, type Draw } from "../picture.ts";
import type { PluginCommand } from "../plugin-command.ts";
import { noColorFlag } from "../plugin-paint.ts";

export function experimentDraw(name: string, { store, namespace }: Connection): Draw {
  return async () => {
    const found = await readCached(store, argoRef("Experiment", namespace, name));
    const below = await fetchBelow(store, namespace);
    return (options) => experimentScreen(found as Experiment, below, options);
  };
}

export const command: PluginCommand = {
  flags: [watchFlag, noColorFlag],
  takes: { least: 1, most: 1 },
  synopsis: "EXPERIMENT_NAME",
  first: namesOf("Experiment"),
  async run(call) {
    const [name = ""] = call.args;
    await inCluster(call, async (connection) =>
      show(experimentDraw(name, connection), call, connection, treeScopes(connection.namespace)),
    );
    return 0;
  },
};
