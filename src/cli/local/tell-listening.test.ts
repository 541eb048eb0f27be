import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { listeningObjects } from "./tell-listening.ts";

const ports = [{ port: 8080 }];

function service(name: string, type: string, conditions: readonly object[] = []): KubeObject {
  const status = { conditions };
  const metadata = { name, namespace: "default" };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { type, ports },
    status,
  } as KubeObject;
}

const condition = (status: string, message: string, observedGeneration = 1): object => ({
  type: "Programmed",
  reason: "x",
  status,
  message,
  observedGeneration,
});

async function told(...services: readonly KubeObject[]): Promise<readonly string[]> {
  const clock = new VirtualClock(0);
  const store = memoryStore({ clock });
  for (const object of services) {
    const created = await store.create(object);
    await store.update({ ...object, metadata: created.metadata }, { subresource: "status" });
  }
  const { signal } = new AbortController();
  const waiting = listeningObjects(store, services, "default", { clock, signal });
  await pass(clock, 5000);
  const found = await waiting;
  return found.map(({ what, isProgrammed, message }) => `${what} ${isProgrammed}: ${message}`);
}

describe("what up says of ports", () => {
  it("tells where a Service listens, and why it does not", async () => {
    expect(
      await told(
        service("a", "LoadBalancer", [condition("True", "listening on 127.0.0.1:8080")]),
        service("b", "LoadBalancer", [condition("False", "the port is in use")]),
        service("c", "ClusterIP", [condition("True", "not asked")]),
      ),
    ).toEqual([
      "service/a true: listening on 127.0.0.1:8080",
      "service/b false: the port is in use",
    ]);
  });

  it("waits a moment for a word about the present generation, and no longer", async () => {
    const old = service("a", "LoadBalancer", [condition("True", "listening on 127.0.0.1:80", 0)]);
    expect(await told(old)).toEqual([]);
  });
});
