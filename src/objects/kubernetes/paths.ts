// Where the Kubernetes API serves a kind, and the query parameters of lists and watches.
import { formatSelector } from "../../api/meta/label-selector.ts";
import { parseApiVersion, type ObjectRef } from "../../api/meta/object.ts";
import { resourceTypeOf, type ResourceType } from "../../api/resources.ts";
import {
  StoreError,
  type DeleteOptions,
  type ListPage,
  type ListScope,
  type WriteOptions,
} from "../object-store.ts";

export function typeOf(apiVersion: string, kind: string): ResourceType {
  const type = resourceTypeOf(apiVersion, kind);
  if (type) return type;
  throw new StoreError("NotFound", `the kind ${kind} of ${apiVersion} is not known`);
}

export function collectionPath(
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
): string {
  const type = typeOf(apiVersion, kind);
  const { group, version } = parseApiVersion(apiVersion);
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scoped = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${base}${scoped}/${type.plural}`;
}

export function objectPath(ref: ObjectRef, subresource?: string): string {
  const below = subresource === undefined ? "" : `/${subresource}`;
  return `${collectionPath(ref.apiVersion, ref.kind, ref.namespace)}/${encodeURIComponent(ref.name)}${below}`;
}

export type Query = Readonly<Record<string, string | undefined>>;

export function withQuery(path: string, query: Query): string {
  const entries = Object.entries(query).flatMap(([key, value]): readonly [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries).toString()}`;
}

function escaped(value: string): string {
  return value.replace(/[\\,=]/g, String.raw`\$&`);
}

export function scopeQuery(scope: ListScope): Query {
  const { labelSelector, fieldSelector = {}, fieldExclusions = [] } = scope;
  const fields = [
    ...Object.entries(fieldSelector).map(([path, value]) => `${path}=${escaped(value)}`),
    ...fieldExclusions.map(({ path, value }) => `${path}!=${escaped(value)}`),
  ];
  return {
    labelSelector:
      labelSelector === undefined ? undefined : formatSelector(labelSelector) || undefined,
    fieldSelector: fields.length === 0 ? undefined : fields.join(","),
  };
}

export function pageQuery({ limit, continueToken, atVersion }: ListPage): Query {
  return {
    limit: limit?.toString(),
    continue: continueToken,
    resourceVersion: atVersion,
    resourceVersionMatch: atVersion === undefined ? undefined : "Exact",
  };
}

export function writeQuery({ fieldManager, dryRun }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun === true ? "All" : undefined };
}

export function deleteBody({
  preconditions,
  propagation,
  gracePeriodSeconds,
}: DeleteOptions): object {
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(preconditions ? { preconditions } : {}),
    ...(propagation ? { propagationPolicy: propagation } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
}
