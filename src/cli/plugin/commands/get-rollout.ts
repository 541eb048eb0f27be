import type { KubeObject } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { isJsonObject } from "../../../lib/json.ts";
import type { Connection } from "../../command.ts";
import { namesOf } from "../../completion/sources.ts";
import { fetchBelow, parsedRollout, treeScopes } from "../../fetch-tree.ts";
import { rolloutPicture } from "../../render/rollout-screen.ts";
import { argoRef, inCluster, readCached } from "../cluster.ts";
import { show, watchFlag, type Draw } from "../picture.ts";
import type { PluginCommand } from "../plugin-command.ts";
import { noColorFlag } from "../plugin-paint.ts";

/** What a workloadRef names must be there, and is looked for as a Deployment whatever its kind. */
async function requireWorkload(
  rollout: KubeObject,
  { store, namespace }: Connection,
): Promise<void> {
  const { spec } = asJson(rollout);
  const ref = isJsonObject(spec) ? spec["workloadRef"] : undefined;
  if (!isJsonObject(ref) || typeof ref["name"] !== "string") return;
  await readCached(store, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    namespace,
    name: ref["name"],
  });
}

export function rolloutDraw(name: string, connection: Connection): Draw {
  const { store, namespace } = connection;
  return async () => {
    const manifest = await readCached(store, argoRef("Rollout", namespace, name));
    await requireWorkload(manifest, connection);
    const tree = {
      manifest,
      rollout: parsedRollout(manifest),
      ...(await fetchBelow(store, namespace)),
    };
    return (options) => rolloutPicture(tree, options);
  };
}

export const command: PluginCommand = {
  flags: [
    watchFlag,
    noColorFlag,
    {
      name: "timeout-seconds",
      type: "int",
      usual: "0",
      about: "Timeout after specified seconds",
    },
  ],
  takes: { least: 1, most: 1 },
  synopsis: "ROLLOUT_NAME",
  first: namesOf("Rollout"),
  async run(call) {
    const [name = ""] = call.args;
    await inCluster(call, async (connection) =>
      show(rolloutDraw(name, connection), call, connection, treeScopes(connection.namespace)),
    );
    return 0;
  },
};
