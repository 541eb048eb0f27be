// A client that is closed is closed at once, whatever it was waiting for.
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { ListScope } from "../object-store.ts";
import { systemClock } from "../../runtime/clock.ts";
import { ApiClient } from "./api-client.ts";
import { accessTo, startServer, type SmallServer } from "./api-server.test-support.ts";
import { kubernetesStore } from "./kubernetes.ts";

const scope: ListScope = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
const event = { type: "ADDED", object: { metadata: { name: "a", resourceVersion: "2" } } };

let server: SmallServer | undefined;
let silent: Server | undefined;

afterEach(async () => {
  await server?.close();
  silent?.close();
});

it("ends a watch that is open, with an error that may pass", async () => {
  server = await startServer((_asked, response) => {
    response.writeHead(200).write(`${JSON.stringify(event)}\n`);
  });
  const client = server.client();
  const { signal } = new AbortController();
  const store = kubernetesStore({ client, clock: systemClock });
  const watching = store.watch(scope, { resourceVersion: "1", signal })[Symbol.asyncIterator]();
  expect((await watching.next()).value).toMatchObject({ type: "ADDED" });
  const ended = expect(watching.next()).rejects.toMatchObject({ reason: "ServiceUnavailable" });
  await client.close();
  await ended;
});

it("waits for nobody who takes what a watch tells", async () => {
  server = await startServer((_asked, response) => {
    response.writeHead(200).write("x".repeat(4_000_000));
  });
  const client = server.client();
  const body = await client.stream({ method: "GET", path: "/api/v1/events" });
  const ended = new Promise((resolve) => body.once("error", resolve));
  await client.close();
  expect(await ended).toBeInstanceOf(Error);
});

it("gives a connection up that never came about", async () => {
  const connected = new Promise<void>((resolve) => {
    silent = createServer(() => resolve());
  });
  await new Promise<void>((resolve) => silent?.listen(0, "127.0.0.1", resolve));
  const { port } = silent?.address() as AddressInfo;
  const access = accessTo(port, { server: `https://127.0.0.1:${port}` });
  const client = new ApiClient({ access, clock: systemClock, userAgent: "haldane/test" });
  const asked = expect(client.json({ method: "GET", path: "/version" })).rejects.toMatchObject({
    reason: "ServiceUnavailable",
  });
  await connected;
  await client.close();
  await asked;
});
