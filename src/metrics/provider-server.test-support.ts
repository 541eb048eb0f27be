// The server of one test, gone after it. Only for tests.
import { afterEach } from "vitest";
import type { Metric } from "../api/argo/analysis.ts";
import { questionOf } from "./conformance.ts";
import { now } from "./http-sheet.test-support.ts";
import { loopback, type Heard, type Loopback, type Reply } from "./loopback.test-support.ts";
import type { MetricAnswer, ProviderContext, ProviderFactory } from "./provider.ts";

/** Call once in a test file: servers that are closed after each test. */
export function testServers(): (answer: Reply | ((heard: Heard) => Reply)) => Promise<Loopback> {
  let servers: Loopback[] = [];
  afterEach(async () => {
    for (const server of servers) await server.close();
    servers = [];
  });
  return async (answer) => {
    const server = await loopback(typeof answer === "function" ? answer : () => answer);
    servers.push(server);
    return server;
  };
}

/** One measurement of a provider built for it. */
export async function measure(
  factory: ProviderFactory,
  metric: Metric,
  context: ProviderContext,
): Promise<MetricAnswer> {
  return factory.create(metric, context).measure(questionOf({ now }, metric));
}

/** A metric whose provider has this block. */
export function metricOf(kind: string, config: object, more: Partial<Metric> = {}): Metric {
  return { name: "m", provider: { [kind]: config }, ...more } as Metric;
}
