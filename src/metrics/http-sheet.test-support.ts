// What every provider that asks over HTTP must bear: refusals, nonsense, endless answers, strangers'
// certificates, cut connections, being sent elsewhere, nobody waiting any more; and that no key shows.
import { describe, expect, it } from "vitest";
import type { Metric } from "../api/argo/analysis.ts";
import type { Secret } from "../api/kubernetes/workloads.ts";
import { createRng } from "../lib/rng.ts";
import { toBase64 } from "../lib/base64.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { questionOf } from "./conformance.ts";
import { loopback, type Heard, type Loopback, type Reply } from "./loopback.test-support.ts";
import type { MetricAnswer, ProviderContext, ProviderFactory } from "./provider.ts";

export const now = Date.parse("2026-11-21T00:00:00Z");

export function testStore(): ObjectStore {
  let uids = 0;
  return memoryStore({
    clock: new VirtualClock(now),
    rng: createRng(1),
    newUid: () => `uid-${String((uids += 1))}`,
  });
}

const ours = "argo-rollouts";

export interface GivenSecret {
  readonly name: string;
  readonly namespace?: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** A world with these Secrets; without a namespace they are in the controller's. */
export async function contextWith(
  secrets: readonly GivenSecret[],
  env: ProviderContext["env"] = {},
): Promise<ProviderContext> {
  const store = testStore();
  const namespaces = new Set(secrets.map(({ namespace = ours }) => namespace));
  for (const name of namespaces) {
    if (name !== "default")
      await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  for (const { name, namespace = ours, keys } of secrets) {
    const encoded = Object.entries(keys).map(([key, value]) => [key, toBase64(value)]);
    const secret: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace },
      data: Object.fromEntries(encoded) as Record<string, string>,
    };
    await store.create(secret);
  }
  return { store, env, traffic: undefined };
}

export interface HttpSheet {
  readonly factory: ProviderFactory;
  /** A metric, and the world it is asked in, that asks the server at this URL. */
  readonly setUp: (url: string) => Promise<{ metric: Metric; context: ProviderContext }>;
  /** An answer it can read. */
  readonly good: (heard: Heard) => Reply;
  /** Whether what is not JSON (or CSV, or XML) is an error: true for all but web. */
  readonly isStrict?: boolean;
  /** What must not appear in any answer. */
  readonly secrets: readonly string[];
  /** Whether it goes where it is sent. Default: no, since its keys would go along. */
  readonly followsRedirects?: boolean;
}

async function withServer<T>(
  reply: (heard: Heard) => Reply,
  work: (server: Loopback) => Promise<T>,
  options: { readonly isTls?: boolean } = {},
): Promise<T> {
  const server = await loopback(reply, options);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

const longerThanRead = "x".repeat(11 * 1024 * 1024);

const nonsense: readonly (readonly [string, Reply])[] = [
  ["401", { status: 401, body: "who are you?" }],
  ["403", { status: 403 }],
  ["404", { status: 404, body: "<html>nothing here</html>" }],
  ["429", { status: 429, body: "slow down" }],
  ["500", { status: 500, body: "{}" }],
  ["503", { status: 503 }],
  ["a connection cut half-way", { cut: true, body: '{"a":' }],
  ["an endless answer", { body: longerThanRead }],
];

const unreadable: readonly (readonly [string, Reply])[] = [
  ["markup", { body: "<html><body>Sign in</body></html>" }],
  ["half an object", { body: '{"data":' }],
  ["nothing", { body: "" }],
  ["null", { body: "null" }],
  ["a number", { body: "7" }],
  ["a list of nothing known", { body: '[{"a":[null]}]' }],
  ["nothing, and that officially", { status: 204 }],
];

function expectError(answer: MetricAnswer): string {
  if (answer.kind !== "error") throw new Error(`no error: ${JSON.stringify(answer)}`);
  expect(answer.message).not.toBe("");
  return answer.message;
}

/** Questions to every provider that asks over HTTP; `factory` answers the provider sheet besides. */
export function describeHttpProvider(sheet: HttpSheet): void {
  const { factory, good, isStrict = true, secrets, followsRedirects = false } = sheet;
  const ask = async (url: string, signal?: AbortSignal): Promise<MetricAnswer> => {
    const { metric, context } = await sheet.setUp(url);
    return factory.create(metric, context).measure(questionOf({ now }, metric, signal));
  };

  describe(`${factory.kind} over HTTP`, () => {
    it.each([...nonsense, ...(isStrict ? unreadable : [])])(
      "%s is an error",
      async (_name, reply) => {
        await withServer(
          () => reply,
          async ({ url }) => {
            const message = expectError(await ask(url));
            expect(message.length).toBeLessThan(2000);
          },
        );
      },
    );

    it("a certificate that nobody vouches for is an error", async () => {
      await withServer(
        good,
        async (server) => {
          expect(expectError(await ask(server.url))).toMatch(/certificate|self.signed/i);
          expect(server.heard).toEqual([]);
        },
        { isTls: true },
      );
    });

    it(followsRedirects ? "goes where it is sent" : "takes no key where it is sent", async () => {
      await withServer(good, async (elsewhere) => {
        const reply = ({ path }: Heard): Reply => ({
          status: 307,
          headers: { location: `${elsewhere.url}${path}` },
        });
        const answer = await withServer(reply, async ({ url }) => ask(url));
        expect(answer.kind === "error").toBe(!followsRedirects);
        expect(elsewhere.heard.length > 0).toBe(followsRedirects);
        expect(elsewhere.heard.every(({ headers }) => headers.authorization === undefined)).toBe(
          true,
        );
      });
    });

    it("ends when nobody waits any more", async () => {
      const stop = new AbortController();
      const reply = (): Reply => {
        stop.abort(new Error("stopped"));
        return { silent: true };
      };
      await withServer(reply, async ({ url }) => {
        expectError(await ask(url, stop.signal));
      });
    });

    it.skipIf(secrets.length === 0)(
      "no key shows, though the other side repeats them",
      async () => {
        const echo = ({ headers, body, query }: Heard): Reply => ({
          status: 400,
          body: `refused: ${JSON.stringify(headers)} ${body} ${query.toString()}`,
        });
        await withServer(echo, async (server) => {
          const answer = await ask(server.url);
          expectError(answer);
          for (const secret of secrets) expect(JSON.stringify(answer)).not.toContain(secret);
        });
      },
    );
  });
}
