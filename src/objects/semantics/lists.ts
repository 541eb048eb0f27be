// Lists in pages, all pages of one list read at one version: a later page undoes the changes made
// since the first. A version that is older than the history is Expired, as in Kubernetes.
import type { ListPage, ListScope } from "../object-store.ts";
import { StoreError } from "../object-store.ts";
import { expired } from "./errors.ts";
import type { History } from "./history.ts";
import { namespaceOf, predicateOf } from "./selection.ts";
import { kindKeyOf, placeOf, type Stored } from "./stored.ts";
import type { Table } from "./table.ts";

export interface PageOfStored {
  readonly items: readonly Stored[];
  readonly version: number;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

interface Position {
  readonly version: number;
  readonly after: string;
}

function encode(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function decode(token: string): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    const { version, after } = value as Partial<Position>;
    if (typeof version === "number" && typeof after === "string") return { version, after };
  } catch (error) {
    throw new StoreError("BadRequest", "continue key is not valid", { cause: error });
  }
  throw new StoreError("BadRequest", "continue key is not valid");
}

function comparePlaces(left: Stored, right: Stored): number {
  const a = placeOf(left.metadata);
  const b = placeOf(right.metadata);
  return a < b ? -1 : Number(a > b);
}

/** The objects of one kind as they were at `version`. */
function objectsAt(sources: Sources, scope: ListScope, version: number): Iterable<Stored> {
  const { table, history } = sources;
  const kindKey = kindKeyOf(scope);
  const present = table.scan(kindKey, namespaceOf(scope));
  if (version === history.version()) return present;
  const byPlace = new Map<string, Stored>();
  for (const object of present) byPlace.set(placeOf(object.metadata), object);
  for (const { object, previous } of history.newerThan(version)) {
    if (kindKeyOf(object) !== kindKey) continue;
    const place = placeOf(object.metadata);
    if (previous) byPlace.set(place, previous);
    else byPlace.delete(place);
  }
  return byPlace.values();
}

interface Sources {
  readonly table: Table;
  readonly history: History;
}

function versionWanted(
  history: History,
  page: ListPage | undefined,
  position: Position | undefined,
): number {
  const wanted =
    position?.version ??
    (page?.atVersion === undefined ? history.version() : Number(page.atVersion));
  if (!Number.isSafeInteger(wanted))
    throw new StoreError("BadRequest", "a resource version must be a number");
  if (wanted > history.version()) {
    throw expired(`too large resource version: ${wanted}, current: ${history.version()}`);
  }
  if (wanted >= history.floor() || wanted === history.version()) return wanted;
  throw expired(
    position
      ? "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter."
      : `The resourceVersion for the provided list is too old: ${wanted} (${history.floor()})`,
  );
}

/** Items in order of namespace and name; `limit` cuts a page, its token reads on at the same version. */
export function listPage(
  sources: Sources,
  scope: ListScope,
  page: ListPage | undefined,
): PageOfStored {
  const position = page?.continueToken === undefined ? undefined : decode(page.continueToken);
  const version = versionWanted(sources.history, page, position);
  const passes = predicateOf(scope);
  const all = [...objectsAt(sources, scope, version)];
  const selected = passes ? all.filter(passes) : all;
  selected.sort(comparePlaces);
  const after = position?.after;
  const rest =
    after === undefined ? selected : selected.filter(({ metadata }) => placeOf(metadata) > after);
  const limit = page?.limit ?? 0;
  return cut(rest, limit, version, scope);
}

function cut(
  rest: readonly Stored[],
  limit: number,
  version: number,
  scope: ListScope,
): PageOfStored {
  const last = limit > 0 && rest.length > limit ? rest[limit - 1] : undefined;
  if (last === undefined) return { items: rest, version };
  return {
    items: rest.slice(0, limit),
    version,
    continueToken: encode({ version, after: placeOf(last.metadata) }),
    // Kubernetes leaves the count out when a selector makes it unknown; so do we, for the same answers.
    ...(scope.labelSelector || scope.fieldSelector || scope.fieldExclusions
      ? {}
      : { remainingItemCount: rest.length - limit }),
  };
}
