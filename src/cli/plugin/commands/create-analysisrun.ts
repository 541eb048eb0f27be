// An AnalysisRun made of a template: all of its spec, with the arguments typed.
import type { AnalysisArgument, AnalysisTemplate } from "../../../api/argo/analysis.ts";
import { argoApiVersion } from "../../../api/argo/keys.ts";
import { schemaOf } from "../../../api/schema/kinds.ts";
import { overrideArguments } from "../../../core/analysis/merge-arguments.ts";
import { flag, listOption, print, textOption, type Connection } from "../../command.ts";
import { inCluster, read } from "../cluster.ts";
import type { PluginCall, PluginCommand } from "../plugin-command.ts";
import { readText, requireStrict, textAt, type StoredObject } from "../read-strictly.ts";

const instanceIdLabel = "argo-rollouts.argoproj.io/controller-instance-id";

function templateKind(call: PluginCall): AnalysisTemplate["kind"] {
  return flag(call, "global") ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
}

async function fromFile(file: string, call: PluginCall): Promise<AnalysisTemplate> {
  const { documents, problems } = await readText(file, call.cli);
  const [problem] = problems;
  if (problem) throw new Error(`${file}:${problem.position.line}: ${problem.problem}`);
  const object = documents[0]?.object;
  const kind = templateKind(call);
  const schema = schemaOf(argoApiVersion, kind);
  if (object === undefined || schema === undefined || textAt(object, "kind") !== kind)
    throw new Error(`${file}: it holds no ${kind}`);
  await requireStrict(object, schema);
  return object as unknown as AnalysisTemplate;
}

async function templateOf(
  call: PluginCall,
  { store, namespace }: Connection,
): Promise<AnalysisTemplate> {
  const file = textOption(call, "fromFile");
  if (file !== undefined) return fromFile(file, call);
  const kind = templateKind(call);
  const ref = {
    apiVersion: argoApiVersion,
    kind,
    namespace: kind === "ClusterAnalysisTemplate" ? "" : namespace,
    name: textOption(call, "from") ?? "",
  };
  return (await read(store, ref)) as AnalysisTemplate;
}

function typedArguments(call: PluginCall): readonly AnalysisArgument[] {
  return listOption(call, "argument").map((text) => {
    const equals = text.indexOf("=");
    if (equals < 0) throw new Error("arguments must be in the form NAME=VALUE");
    return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  });
}

function argumentsOf(
  { spec }: AnalysisTemplate,
  given: readonly AnalysisArgument[],
): readonly AnalysisArgument[] {
  const declared = spec.args ?? [];
  if (declared.length === 0) return given;
  const merged = overrideArguments(declared, given);
  if (!merged.ok) throw new Error(merged.message);
  return merged.args;
}

function nameOf(call: PluginCall, template: AnalysisTemplate): Record<string, string> {
  const name = textOption(call, "name");
  const { name: templateName = "" } = template.metadata as { readonly name?: string };
  const usual = templateName === "" ? undefined : `${templateName}-`;
  const generateName = textOption(call, "generateName") ?? usual;
  if (name !== undefined) return { name };
  if (generateName === undefined) throw new Error("name is invalid");
  return { generateName };
}

function runOf(template: AnalysisTemplate, call: PluginCall, namespace: string): StoredObject {
  const {
    resourceVersion: _version,
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    managedFields: _managed,
    ownerReferences: _owners,
    name: _name,
    ...kept
  } = template.metadata;
  const id = textOption(call, "instanceId");
  const args = argumentsOf(template, typedArguments(call));
  return {
    apiVersion: argoApiVersion,
    kind: "AnalysisRun",
    metadata: {
      ...kept,
      ...nameOf(call, template),
      namespace,
      ...(id === undefined ? {} : { labels: { [instanceIdLabel]: id } }),
    },
    spec: { ...template.spec, ...(args.length === 0 ? {} : { args }) },
  } as unknown as StoredObject;
}

export const command: PluginCommand = {
  flags: [
    {
      name: "from",
      type: "string",
      about:
        "Create an AnalysisRun from an AnalysisTemplate or ClusterAnalysisTemplate in the cluster",
    },
    {
      name: "from-file",
      type: "string",
      about:
        "Create an AnalysisRun from an AnalysisTemplate or ClusterAnalysisTemplate in a local file",
    },
    { name: "global", type: "bool", about: "Use a ClusterAnalysisTemplate" },
    { name: "argument", short: "a", type: "array", about: "Arguments to the parameter template" },
    { name: "name", type: "string", about: "Use the specified name for the run" },
    { name: "generate-name", type: "string", about: "Use the specified generateName for the run" },
    { name: "instance-id", type: "string", about: "Instance-ID for the AnalysisRun" },
  ],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  async run(call) {
    const isFromCluster = textOption(call, "from") !== undefined;
    const isFromFile = textOption(call, "fromFile") !== undefined;
    if (isFromCluster === isFromFile)
      throw new Error("one of --from or --from-file must be specified");
    typedArguments(call);
    await inCluster(call, async (connection) => {
      const template = await templateOf(call, connection);
      const run = runOf(template, call, connection.namespace);
      const { metadata } = await connection.store.create(run);
      print(call.cli, `analysisrun.argoproj.io/${metadata.name} created`);
    });
    return 0;
  },
};
