import type { KubeObject, ObjectRef } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { isJsonObject } from "../../../lib/json.ts";
import { changeImage, type ImageChange } from "../../change-image.ts";
import { print } from "../../command.ts";
import { namesOf } from "../../completion/sources.ts";
import { argoRef, inCluster, read } from "../cluster.ts";
import { ShowUsage, type PluginCommand } from "../plugin-command.ts";

function wanted(text: string): ImageChange {
  const [container, image, ...more] = text.split("=");
  if (container === undefined || image === undefined || more.length > 0) throw new ShowUsage();
  return { container, image };
}

/** What a workloadRef names is taken for a Deployment, whatever its kind. */
function holderOf(rollout: KubeObject, ref: ObjectRef): ObjectRef {
  const { spec } = asJson(rollout);
  const workload = isJsonObject(spec) ? spec["workloadRef"] : undefined;
  if (!isJsonObject(workload) || typeof workload["name"] !== "string") return ref;
  const { namespace } = ref;
  return { apiVersion: "apps/v1", kind: "Deployment", namespace, name: workload["name"] };
}

export const command: PluginCommand = {
  flags: [],
  takes: { least: 2, most: 2 },
  synopsis: "ROLLOUT_NAME CONTAINER=IMAGE",
  first: namesOf("Rollout"),
  async run(call) {
    const [name = "", text = ""] = call.args;
    const change = wanted(text);
    await inCluster(call, async ({ store, namespace }) => {
      const ref = argoRef("Rollout", namespace, name);
      const holder = holderOf(await read(store, ref), ref);
      await changeImage(store, holder, change, read);
      print(call.cli, `${holder.kind.toLowerCase()} "${holder.name}" image updated`);
    });
    return 0;
  },
};
