import { schemaOf } from "../../../api/schema/kinds.ts";
import { isJsonObject } from "../../../lib/json.ts";
import { resourceTypeOf } from "../../../api/resources.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { flag, listOption, print, type Connection } from "../../command.ts";
import { treeScopes } from "../../fetch-tree.ts";
import { inCluster } from "../cluster.ts";
import { show, watchFlag } from "../picture.ts";
import { ShowUsage, type PluginCall, type PluginCommand } from "../plugin-command.ts";
import { noColorFlag } from "../plugin-paint.ts";
import { readText, requireStrict, textAt, type StoredObject } from "../read-strictly.ts";
import { experimentDraw } from "./get-experiment.ts";
import { rolloutDraw } from "./get-rollout.ts";

const kinds = [
  "Rollout",
  "Experiment",
  "AnalysisTemplate",
  "ClusterAnalysisTemplate",
  "AnalysisRun",
];

async function readOne(file: string, call: PluginCall): Promise<JsonObject> {
  const { documents, problems } = await readText(file, call.cli);
  const [problem] = problems;
  if (problem) throw new Error(`${file}:${problem.position.line}: ${problem.problem}`);
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0)
    throw new Error(`${file}: it holds ${documents.length} objects; write one object per file`);
  const { object } = document;
  const apiVersion = textAt(object, "apiVersion");
  const group = apiVersion.includes("/") ? apiVersion.replace(/\/.*$/, "") : "";
  const kind = textAt(object, "kind");
  const schema = schemaOf(apiVersion, kind);
  if (schema === undefined || !kinds.includes(kind) || group !== "argoproj.io")
    throw new Error(`creates of ${group}/${kind} unsupported`);
  await requireStrict(object, schema);
  return object;
}

async function create(
  object: JsonObject,
  call: PluginCall,
  { store, namespace }: Connection,
): Promise<StoredObject> {
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  const type = resourceTypeOf(textAt(object, "apiVersion"), textAt(object, "kind"));
  const placed =
    type?.namespaced === false
      ? metadata
      : { ...metadata, namespace: metadata["namespace"] ?? namespace };
  const created = await store.create({ ...object, metadata: placed } as unknown as StoredObject);
  print(call.cli, `${type?.singular ?? ""}.${type?.group ?? ""}/${created.metadata.name} created`);
  return created;
}

async function watch(object: StoredObject, call: PluginCall, open: Connection): Promise<void> {
  const { name, namespace = open.namespace } = object.metadata;
  const connection = { ...open, namespace };
  const draw = object.kind === "Rollout" ? rolloutDraw : experimentDraw;
  await show(draw(name, connection), call, connection, treeScopes(namespace));
}

export const command: PluginCommand = {
  flags: [
    {
      name: "filename",
      short: "f",
      type: "slice",
      about: "Files to use to create the resource",
    },
    watchFlag,
    noColorFlag,
  ],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  async run(call) {
    const files = listOption(call, "filename");
    if (files.length === 0) throw new ShowUsage();
    const isWatching = flag(call, "watch");
    if (isWatching && files.length > 1) throw new Error("Cannot watch multiple resources");
    await inCluster(call, async (connection) => {
      for (const file of files) {
        const object = await readOne(file, call);
        const canWatch = ["Rollout", "Experiment"].includes(textAt(object, "kind"));
        const created = await create(object, call, connection);
        if (!isWatching) continue;
        if (!canWatch) throw new Error("Can only watch resources of type Rollout or Experiment");
        await watch(created, call, connection);
      }
    });
    return 0;
  },
};
