import { describe, expect, it } from "vitest";
import type { Metric } from "../api/argo/analysis.ts";
import { parseAnalysisTemplate } from "../api/argo/parse/objects.ts";
import type { JsonObject } from "../lib/json.ts";
import { createRng } from "../lib/rng.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { ProviderError } from "./provider.ts";
import { createProvider, providerFactory, providerKinds, providers } from "./registry.ts";

const store = memoryStore({ clock: new VirtualClock(0), rng: createRng(1), newUid: () => "uid" });
const context = { store, env: {}, traffic: undefined };
const metric = (provider: object): Metric => ({
  name: "m",
  provider: provider as Metric["provider"],
});

describe("the providers", () => {
  it("each stands under the name it gives itself", () => {
    for (const [name, factory] of Object.entries(providers)) expect(factory.kind).toBe(name);
    expect(providerFactory("constructor")).toBeUndefined();
  });

  it.each([
    [{ prometheus: { address: "http://x", query: "up" } }, "Prometheus"],
    [{ web: { url: "http://x" } }, "Web"],
    [{ job: { spec: { template: {} } } }, "Job"],
    [{ datadog: { query: "q" } }, "Datadog"],
    [{ wavefront: { address: "x", query: "q" } }, "Wavefront"],
    [{ newRelic: { query: "q" } }, "NewRelic"],
    [{ cloudWatch: { metricDataQueries: [{ id: "a" }] } }, "CloudWatch"],
    [{ graphite: { address: "http://x", query: "target=x" } }, "Graphite"],
    [{ influxdb: { query: "q" } }, "Influxdb"],
    [{ skywalking: { address: "http://x", query: "q", interval: "5m" } }, "skywalking"],
    [
      {
        kayenta: {
          address: "http://x",
          application: "a",
          canaryConfigName: "c",
          metricsAccountName: "m",
          configurationAccountName: "k",
          storageAccountName: "s",
          threshold: { pass: 90, marginal: 75 },
          scopes: [{ name: "default" }],
        },
      },
      "Kayenta",
    ],
  ])("%j is built", (provider, type) => {
    expect(createProvider(metric(provider), context).type).toBe(type);
  });

  it("every provider of the API is carried out: lint has nothing to say of them", () => {
    const kinds =
      "prometheus job kayenta web datadog wavefront newRelic cloudWatch graphite influxdb skywalking";
    const metrics = kinds.split(" ").map((kind) => metric({ [kind]: {} }));
    const manifest = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate" };
    const capabilities = { routers: {}, providers: providerKinds, stepPlugins: [] };
    const spec = { metrics: [...metrics, metric({ plugin: { "acme/metrics": {} } })] };
    const template = { ...manifest, metadata: { name: "t" }, spec } as unknown as JsonObject;
    const { notCarriedOut } = parseAnalysisTemplate(template, capabilities);
    expect(notCarriedOut.map(({ message }) => message)).toEqual([
      "not carried out yet: spec.metrics[11].provider.plugin[acme/metrics]",
    ]);
  });

  it.each<[object, string]>([
    [{}, "no valid provider in metric 'm'; providers: "],
    [
      { promethues: {} },
      "no valid provider in metric 'm': promethues is not known, did you mean prometheus?; providers: ",
    ],
    [
      { plugin: { "acme/metrics": {} } },
      `metric 'm': provider.plugin["acme/metrics"] is an external plugin of Argo Rollouts, a Go program that only Go can talk to; ask its source through provider.web or provider.prometheus, or measure in a Job (provider.job); providers: `,
    ],
    [
      { plugin: { web: { url: "http://x" } } },
      "no valid provider in metric 'm': plugin.web is not known",
    ],
    [
      { plugin: { "haldane.dev/trafic": {} } },
      "haldane.dev/trafic is not known, did you mean haldane.dev/traffic?",
    ],
  ])("%j is refused, and the known ones are listed", (provider, message) => {
    const build = () => createProvider(metric(provider), context);
    expect(build).toThrow(ProviderError);
    expect(build).toThrow(message);
    expect(build).toThrow(providerKinds.join(", "));
  });
});
