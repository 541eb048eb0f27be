// cli/get: what `get` and `delete` are asked for, and one file per way to show it: trees, tables,
// objects as they are.
import { apiVersionOf, type ObjectRef } from "../../api/meta/object.ts";
import { parseSelector } from "../../api/meta/label-selector.ts";
import { resourceTypeNamed, resourceTypes, type ResourceType } from "../../api/resources.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { ListScope } from "../../objects/object-store.ts";
import {
  flag,
  listArgument,
  textOption,
  usageError,
  type CommandCall,
  type Connection,
} from "../command.ts";

/** One kind with the names asked for; no names = all there are. */
export interface Target {
  readonly type: ResourceType;
  readonly names: readonly string[];
}

function typeOf(word: string, call: CommandCall): ResourceType {
  const type = resourceTypeNamed(word);
  if (type) return type;
  const known = resourceTypes.map(({ plural }) => plural);
  const near = didYouMean(word.toLowerCase(), [
    ...known,
    ...resourceTypes.map(({ singular }) => singular),
  ]);
  const hint = near === undefined ? `known kinds: ${known.join(", ")}` : `did you mean ${near}?`;
  throw usageError(call, `"${word}" is not a kind this program knows (${hint})`);
}

/** `KIND NAME…`, `KIND,KIND`, or `KIND/NAME…`. */
export function targetsOf(call: CommandCall): readonly Target[] {
  const [first = "", ...names] = listArgument(call, 0);
  const words = [first, ...names];
  if (words.every((word) => word.includes("/"))) {
    return words.map((word) => {
      const slash = word.indexOf("/");
      return { type: typeOf(word.slice(0, slash), call), names: [word.slice(slash + 1)] };
    });
  }
  const types = first.split(",").map((word) => typeOf(word, call));
  if (types.length > 1 && names.length > 0)
    throw usageError(call, "several kinds cannot have names; write KIND/NAME for each");
  return types.map((type) => ({ type, names }));
}

export function qualified({ singular, group }: ResourceType): string {
  return group === "" ? singular : `${singular}.${group}`;
}

export function scopeOf(
  type: ResourceType,
  call: CommandCall,
  { namespace }: Connection,
): ListScope {
  const isEverywhere = flag(call, "allNamespaces") || !type.namespaced;
  const text = textOption(call, "selector");
  const labelSelector = text === undefined ? undefined : parseSelector(text);
  if (text !== undefined && labelSelector === undefined)
    throw usageError(call, `--selector "${text}" cannot be read; write it as app=shop,tier!=db`);
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    ...(isEverywhere ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

export function refTo(type: ResourceType, name: string, { namespace }: Connection): ObjectRef {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    namespace: type.namespaced ? namespace : "",
    name,
  };
}
