// Arguments a Rollout gives to an analysis, taken from the Rollout when the run is created
// (argo-rollouts.md §1.1 "RolloutAnalysis args", algorithms §2.13 "Args of the Rollout").
import type { AnalysisArgument } from "../../api/argo/analysis.ts";
import type { RolloutAnalysisArgument } from "../../api/argo/rollout.ts";
import { quoteGo } from "../../lib/go-format.ts";
import { compareByCodePoint } from "../../lib/go-json.ts";
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { unreachable } from "../../lib/invariant.ts";
import type { Arguments } from "./merge-arguments.ts";

/** What `valueFrom` may look at. */
export interface ArgumentFacts {
  /** The Rollout as stored. */
  readonly manifest: JsonObject;
  /** Hash label of the stable ReplicaSet; "" if there is none. */
  readonly stableHash: string;
  /** Hash label of the newest ReplicaSet. */
  readonly latestHash: string;
}

type Found =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string };

function found(value: string): Found {
  return { ok: true, value };
}

function failed(message: string): Found {
  return { ok: false, message };
}

/** Labels or annotations as the downward API writes them: sorted lines `key="value"`. */
function mapLines(map: Json | undefined): string {
  if (!isJsonObject(map)) return "";
  return entriesOf(map)
    .toSorted(([left], [right]) => compareByCodePoint(left, right))
    .map(([key, value]) => `${key}=${quoteGo(scalarText(value) ?? "")}`)
    .join("\n");
}

function scalarText(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

const mapEntry = /^metadata\.(labels|annotations)\['([^']*)'\]$/;

/** Paths beginning with `metadata`: the downward API's, nothing more. */
function metadataField(fieldPath: string, manifest: JsonObject): Found {
  const metadata = ownProperty(manifest, "metadata");
  if (!isJsonObject(metadata)) return failed(`unsupported fieldPath: ${fieldPath}`);
  const entry = mapEntry.exec(fieldPath);
  if (entry) {
    const map = ownProperty(metadata, entry[1] ?? "");
    return found(isJsonObject(map) ? (scalarText(ownProperty(map, entry[2] ?? "")) ?? "") : "");
  }
  switch (fieldPath) {
    case "metadata.name":
    case "metadata.namespace":
    case "metadata.uid":
      return found(scalarText(ownProperty(metadata, fieldPath.slice("metadata.".length))) ?? "");
    case "metadata.labels":
      return found(mapLines(ownProperty(metadata, "labels")));
    case "metadata.annotations":
      return found(mapLines(ownProperty(metadata, "annotations")));
    default:
      return failed(`unsupported fieldPath: ${fieldPath}`);
  }
}

function childOf(node: Json, segment: string, path: string): { readonly child: Json } | string {
  if (isJsonArray(node)) {
    if (!/^\d+$/.test(segment)) return `invalid index '${segment}'`;
    const child = node[Number(segment)];
    return child === undefined ? `index ${segment} out of range` : { child };
  }
  const child = isJsonObject(node) ? ownProperty(node, segment) : undefined;
  return child === undefined ? `invalid path ${path} in rollout` : { child };
}

/** Any other path walks the Rollout's JSON, split at runs of `.`, `[` and `]`. */
function rolloutField(path: string, manifest: JsonObject): Found {
  let node: Json = manifest;
  for (const segment of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    const step: ReturnType<typeof childOf> = childOf(node, segment, path);
    if (typeof step === "string") return failed(step);
    node = step.child;
  }
  const text = scalarText(node);
  return text === undefined
    ? failed(`path ${path} in rollout must terminate in a primitive value`)
    : found(text);
}

function valueOf(argument: RolloutAnalysisArgument, facts: ArgumentFacts): Found {
  switch (argument.kind) {
    case "value":
      return found(argument.value);
    case "podTemplateHash":
      return found(argument.of === "Stable" ? facts.stableHash : facts.latestHash);
    case "field":
      return argument.fieldPath.startsWith("metadata")
        ? metadataField(argument.fieldPath, facts.manifest)
        : rolloutField(argument.fieldPath, facts.manifest);
    default:
      return unreachable(argument);
  }
}

/** The arguments with literal values. The first that cannot be found is the error, whatever follows. */
export function resolveRolloutArgs(
  args: readonly RolloutAnalysisArgument[],
  facts: ArgumentFacts,
): Arguments {
  const resolved: AnalysisArgument[] = [];
  for (const argument of args) {
    const value = valueOf(argument, facts);
    if (!value.ok) return value;
    resolved.push({ name: argument.name, value: value.value });
  }
  return { ok: true, args: resolved };
}
