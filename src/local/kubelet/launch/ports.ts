// Ports on loopback for the containers' ports. A pod keeps its ports as long as nobody takes them.
import { createServer } from "node:net";
import type { Container } from "../../../api/kubernetes/pod.ts";

/** On the pod: JSON of container port → port on 127.0.0.1. Endpoints and probes read it. */
export const portsAnnotation = "haldane.dev/ports";

export type PortMap = Readonly<Record<string, number>>;

export interface PortBook {
  /** Ports for the container's own container ports: those it had where still free, new ones otherwise. */
  assign(owner: string, container: Container, known: PortMap): Promise<PortMap>;
  /** Notes ports as taken, so that they are given to nobody else. */
  reserve(owner: string, ports: PortMap): void;
  release(owner: string): void;
}

// Below the range from which Linux takes the local ends of outgoing connections (32768 and up):
// a port given out here is not taken by somebody's client before the server binds it.
const lowestPort = 20_000;
const portCount = 12_000;

/** Whether a server could listen there now. A listener on the wildcard address counts as well. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once("error", () => settle(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () =>
      server.close(() => settle(true)),
    );
  });
}

/** `start` moves the first guess, so that two clusters on one machine seldom meet. */
export function portBook(
  start: number,
  isFree: (port: number) => Promise<boolean> = isPortFree,
): PortBook {
  const owners = new Map<number, string>();
  let next = Math.abs(Math.trunc(start)) % portCount;

  const findFree = async (owner: string): Promise<number> => {
    for (let tries = 0; tries < portCount; tries += 1) {
      const port = lowestPort + next;
      next = (next + 1) % portCount;
      if (owners.has(port)) continue;
      owners.set(port, owner);
      if (await isFree(port)) return port;
      owners.delete(port);
    }
    throw new Error(
      `no free port on 127.0.0.1 from ${lowestPort} to ${lowestPort + portCount - 1}; stop something that listens there`,
    );
  };

  const keep = async (owner: string, port: number): Promise<boolean> => {
    const holder = owners.get(port);
    return (holder === undefined || holder === owner) && isFree(port);
  };

  return {
    async assign(owner, container, known) {
      const assigned: Record<string, number> = { ...known };
      for (const { containerPort, hostPort } of container.ports ?? []) {
        const key = String(containerPort);
        const before = assigned[key];
        if (hostPort !== undefined && hostPort > 0) assigned[key] = hostPort;
        else if (before === undefined || !(await keep(owner, before)))
          assigned[key] = await findFree(owner);
      }
      this.reserve(owner, assigned);
      return assigned;
    },
    reserve(owner, ports) {
      for (const port of Object.values(ports)) owners.set(port, owner);
    },
    release(owner) {
      for (const [port, holder] of owners) if (holder === owner) owners.delete(port);
    },
  };
}

/** The annotation's map; empty when it is absent or not of that shape. */
export function parsePorts(text: string | undefined): PortMap {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter(
        (entry): entry is [string, number] => typeof entry[1] === "number",
      ),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
