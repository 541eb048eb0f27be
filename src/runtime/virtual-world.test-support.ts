// A memory store under virtual time, for the tests of this folder.
import type { ConfigMap } from "../api/kubernetes/workloads.ts";
import type { ObjectMeta, ObjectRef } from "../api/meta/object.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import type { Engine } from "../objects/semantics/engine-options.ts";
import type { LogFields, Logger } from "./log.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface World {
  readonly clock: VirtualClock;
  readonly store: Engine;
}

export function newWorld(historyLimit?: number): World {
  const clock = new VirtualClock(Date.parse("2026-11-21T06:48:00Z"));
  return {
    clock,
    store: memoryStore({ clock, ...(historyLimit === undefined ? {} : { historyLimit }) }),
  };
}

/** Lets everything happen that can happen without time passing: a turn of the event loop ends all microtasks. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const untilMs = clock.now() + ms;
  await settle();
  while (clock.fireNext(untilMs)) await settle();
}

export function configMap(
  name: string,
  data: Record<string, string> = {},
  metadata: Partial<ObjectMeta> = {},
): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default", ...metadata },
    data,
  };
}

export const configMaps = { apiVersion: "v1", kind: "ConfigMap" };

export function refTo(name: string): ObjectRef {
  return { ...configMaps, namespace: "default", name };
}

/** Keeps its lines as `level message`. */
export function keptLog(lines: string[], fields: LogFields[] = []): Logger {
  const at =
    (level: string) =>
    (message: string, more: LogFields = {}): void => {
      lines.push(`${level} ${message}`);
      fields.push(more);
    };
  const log: Logger = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => log,
  };
  return log;
}
