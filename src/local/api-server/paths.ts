// A request's path, taken apart: which resource, which object, which part of it.

/** `/api/v1/namespaces/shop/pods/web-1/log` in parts; `group` is "" for core. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  /** undefined = all namespaces, or a kind that belongs to none. */
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

interface GroupVersionPath {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function groupVersionOf(segments: readonly string[]): GroupVersionPath | undefined {
  const [root, first, second, ...rest] = segments;
  if (root === "api" && first !== undefined) {
    return { group: "", version: first, rest: second === undefined ? [] : [second, ...rest] };
  }
  if (root !== "apis" || first === undefined || second === undefined) return undefined;
  return { group: first, version: second, rest };
}

function decoded(path: string): readonly string[] | undefined {
  try {
    return path
      .split("/")
      .filter((segment) => segment !== "")
      .map((segment) => decodeURIComponent(segment));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const ownPartsOfNamespaces = ["status", "finalize"];

/** Below a namespace stand its objects; only its own two subresources look the same. */
function isWithinNamespace(group: string, rest: readonly string[]): boolean {
  const [first, , third = ""] = rest;
  if (first !== "namespaces" || rest.length < 3) return false;
  return !(group === "" && rest.length === 3 && ownPartsOfNamespaces.includes(third));
}

/** undefined for paths that cannot name a resource (discovery, health, nonsense). */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = decoded(path);
  const at = segments === undefined ? undefined : groupVersionOf(segments);
  if (at === undefined) return undefined;
  const { group, version, rest } = at;
  const isWithin = isWithinNamespace(group, rest);
  const [plural, name, subresource, ...more] = isWithin ? rest.slice(2) : rest;
  if (plural === undefined || more.length > 0) return undefined;
  return { group, version, namespace: isWithin ? rest[1] : undefined, plural, name, subresource };
}
