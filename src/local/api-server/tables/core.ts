// Columns of Namespace, ConfigMap, Secret, Event and Lease.
import type {
  ConfigMap,
  KubeEvent,
  Lease,
  Namespace,
  Secret,
} from "../../../api/kubernetes/workloads.ts";
import { ageColumn, nameColumn, since } from "./cells.ts";
import type { Column } from "./table.ts";

export const namespaceColumns: readonly Column<Namespace>[] = [
  nameColumn,
  {
    name: "Status",
    type: "string",
    description: "Whether the namespace is in use or going away.",
    cell: ({ status }) => status?.phase ?? "",
  },
  ageColumn,
];

function countOf(map: object | undefined): number {
  return Object.keys(map ?? {}).length;
}

export const configMapColumns: readonly Column<ConfigMap>[] = [
  nameColumn,
  {
    name: "Data",
    type: "integer",
    description: "How many entries there are.",
    cell: ({ data, binaryData }) => countOf(data) + countOf(binaryData),
  },
  ageColumn,
];

export const secretColumns: readonly Column<Secret>[] = [
  nameColumn,
  {
    name: "Type",
    type: "string",
    description: "What the secret is for.",
    cell: ({ type }) => type ?? "Opaque",
  },
  {
    name: "Data",
    type: "integer",
    description: "How many entries there are.",
    cell: ({ data }) => countOf(data),
  },
  ageColumn,
];

/** Events of newer reporters carry `eventTime` and a series instead of the two timestamps. */
interface TimedEvent extends KubeEvent {
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly reportingComponent?: string;
  readonly reportingInstance?: string;
}

function lastSeen(event: TimedEvent): string | undefined {
  const { series, lastTimestamp, eventTime, firstTimestamp, metadata } = event;
  return (
    series?.lastObservedTime ??
    lastTimestamp ??
    eventTime ??
    firstTimestamp ??
    metadata.creationTimestamp
  );
}

function firstSeen(event: TimedEvent): string | undefined {
  return event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

function subject({ involvedObject }: KubeEvent): string {
  const { kind = "", name = "" } = involvedObject;
  return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function sourceText({ source, reportingComponent, reportingInstance }: TimedEvent): string {
  const component = source?.component ?? reportingComponent ?? "";
  const host = source?.host ?? reportingInstance ?? "";
  return host === "" ? component : `${component}, ${host}`;
}

export const eventColumns: readonly Column<TimedEvent>[] = [
  {
    name: "Last Seen",
    type: "string",
    description: "How long ago it happened last.",
    cell: (event, nowMs) => since(lastSeen(event), nowMs),
  },
  {
    name: "Type",
    type: "string",
    description: "Normal or Warning.",
    cell: ({ type }) => type ?? "",
  },
  {
    name: "Reason",
    type: "string",
    description: "Why, in one word.",
    cell: ({ reason }) => reason ?? "",
  },
  { name: "Object", type: "string", description: "What it happened to.", cell: subject },
  {
    name: "Subobject",
    type: "string",
    description: "Which part of the object it happened to.",
    wide: true,
    cell: ({ involvedObject }) =>
      (involvedObject as { readonly fieldPath?: string }).fieldPath ?? "",
  },
  { name: "Source", type: "string", description: "Who reports it.", wide: true, cell: sourceText },
  {
    name: "Message",
    type: "string",
    description: "What happened, for people.",
    cell: ({ message }) => (message ?? "").trim(),
  },
  {
    name: "First Seen",
    type: "string",
    description: "How long ago it happened first.",
    wide: true,
    cell: (event, nowMs) => since(firstSeen(event), nowMs),
  },
  {
    name: "Count",
    type: "integer",
    description: "How often it happened.",
    wide: true,
    cell: ({ series, count }) => series?.count ?? count ?? 1,
  },
  { ...nameColumn, wide: true },
];

export const leaseColumns: readonly Column<Lease>[] = [
  nameColumn,
  {
    name: "Holder",
    type: "string",
    description: "Who holds the lease.",
    cell: ({ spec }) => spec?.holderIdentity ?? "",
  },
  ageColumn,
];
