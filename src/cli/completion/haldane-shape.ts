// What may stand where in a `haldane` command line.
import { resourceTypeNamed, resourceTypes } from "../../api/resources.ts";
import { nothing, type OptionShape, type ProgramShape, type Source } from "./question.ts";
import { shells } from "./scripts.ts";
import { files, first, namesOf, namespaces, words } from "./sources.ts";

type Argument = (before: readonly string[]) => Source;

const rollouts = namesOf("Rollout");
const kinds = words(...resourceTypes.map(({ plural }) => plural), "rollout", "experiment");

/** `KIND NAME…` of any kind. */
const kindAndNames: Argument = ([word]) => {
  if (word === undefined) return kinds;
  const type = resourceTypeNamed(word);
  return type === undefined ? nothing : { from: "names", of: type };
};

const retried: Argument = ([word]) => {
  if (word === "experiment") return namesOf("Experiment");
  return rollouts;
};

const terminated: Argument = ([word]) => {
  if (word === undefined) return words("analysisrun", "experiment");
  if (word === "analysisrun") return namesOf("AnalysisRun");
  return word === "experiment" ? namesOf("Experiment") : nothing;
};

const argumentsOf: Readonly<Record<string, Argument>> = {
  promote: first(rollouts),
  undo: first(rollouts),
  restart: first(rollouts),
  status: first(rollouts),
  events: first(rollouts),
  logs: first(rollouts),
  "set image": first(rollouts),
  abort: () => rollouts,
  pause: () => rollouts,
  retry: retried,
  terminate: terminated,
  get: kindAndNames,
  delete: kindAndNames,
  list: first(words("rollouts", "experiments")),
  completion: first(words(...shells)),
  lint: () => files,
  simulate: () => files,
};

const outputsOf: Readonly<Record<string, readonly string[]>> = {
  get: ["tree", "wide", "json", "yaml", "name"],
  lint: ["text", "json"],
  crds: ["yaml", "json"],
};

function valueOf(command: string, name: string): Source {
  if (["--filename", "--kubeconfig", "--data"].includes(name)) return files;
  if (name === "--namespace") return namespaces;
  return name === "--output" ? words(...(outputsOf[command] ?? [])) : nothing;
}

export function haldaneShape(
  commands: readonly string[],
  optionsOf: (command: string) => Promise<readonly OptionShape[]>,
): ProgramShape {
  const names = ["--namespace", "--data", "--kubeconfig", "--context"];
  return {
    commands,
    aliases: [],
    commonOptions: [
      ...names.map((name) => ({
        names: name === "--namespace" ? ["-n", name] : [name],
        takesValue: true,
      })),
      { names: ["--no-color"], takesValue: false },
      { names: ["-h", "--help"], takesValue: false },
    ],
    optionsOf,
    argumentOf: (command, before) => argumentsOf[command]?.(before) ?? nothing,
    valueOf,
  };
}
