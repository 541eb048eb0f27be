import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { CommandCall } from "../command.ts";
import { declareFlags } from "./flags.ts";
import { controllerSettings, ineffectiveFlags, logFormatOf, logLevelOf } from "./settings.ts";

function callOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandCall {
  const command = new Command("controller").exitOverride().configureOutput({
    writeErr: () => undefined,
  });
  declareFlags(command);
  command.parse([...args], { from: "user" });
  return {
    commandName: "controller",
    options: command.opts(),
    cli: { env },
  } as unknown as CommandCall;
}

function settingsOf(...args: readonly string[]) {
  return controllerSettings(callOf(["--leader-elect=false", ...args]), "web");
}

describe("the flags of Argo Rollouts' controller", () => {
  it("have its defaults", () => {
    expect(controllerSettings(callOf([], { POD_NAMESPACE: "argo-rollouts" }), "web")).toEqual({
      instanceId: "",
      watchedNamespace: undefined,
      ownNamespace: "argo-rollouts",
      threads: { rollouts: 10, experiments: 10, analysis: 30, services: 10 },
      qps: 40,
      burst: 80,
      election: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
      metricsPort: 8090,
      healthzPort: 8080,
      resyncMs: 900_000,
      routers: {
        istioApiVersion: "v1alpha3",
        trafficSplitApiVersion: "v1alpha1",
        traefikApiVersion: "traefik.io/v1alpha1",
        ambassadorApiVersion: "getambassador.io/v2",
        appMeshApiVersion: "v1beta2",
      },
    });
    expect([logLevelOf(callOf([])), logFormatOf(callOf([]))]).toEqual(["info", "text"]);
  });

  it.each([
    ["25", 25_000],
    ["1m30s", 90_000],
    ["", undefined],
  ])("ROLLOUT_VERIFY_RETRY_INTERVAL=%s is %s ms", (text, verifyRetryMs) => {
    const call = callOf([], { ROLLOUT_VERIFY_RETRY_INTERVAL: text });
    expect(controllerSettings(call, "web").routers.verifyRetryMs).toBe(verifyRetryMs);
  });

  it.each(["0", "soon", "-5"])("ROLLOUT_VERIFY_RETRY_INTERVAL=%s is refused", (text) => {
    const call = callOf([], { ROLLOUT_VERIFY_RETRY_INTERVAL: text });
    expect(() => controllerSettings(call, "web")).toThrow(
      `ROLLOUT_VERIFY_RETRY_INTERVAL=${text} in the environment: use whole seconds, 1 or more`,
    );
  });

  it("are taken as Go's programs write them", () => {
    const settings = settingsOf(
      "--namespaced",
      "--instance-id=blue",
      "--rollout-threads=3",
      "--qps=2.5",
      "--metricsport",
      "9000",
      "--rollout-resync",
      "60",
      "--controllers=analysis",
    );
    expect(settings).toMatchObject({
      watchedNamespace: "web",
      instanceId: "blue",
      threads: { rollouts: 3 },
      qps: 2.5,
      metricsPort: 9000,
      resyncMs: 60_000,
      only: "analysis",
      election: undefined,
    });
    expect(settingsOf("--namespaced=false").watchedNamespace).toBeUndefined();
    expect(settingsOf("--request-timeout", "5s").requestTimeoutMs).toBe(5_000);
    expect(logLevelOf(callOf(["--loglevel=warning"]))).toBe("warn");
    expect(logFormatOf(callOf(["--logformat", "JSON"]))).toBe("json");
  });

  it.each([
    [["--qps", "0"], "--qps 0: use a number, 0.001 or more"],
    [["--rollout-threads", "1.5"], "--rollout-threads 1.5: use a whole number"],
    [["--rollout-threads", ""], "--rollout-threads : use a number, 1 or more"],
    [["--metricsPort", "70000"], "--metricsPort 70000: use a port from 0 (any free one) to 65535"],
    [["--namespaced=perhaps"], "--namespaced=perhaps: use true or false"],
    [["--controllers=rollout"], "unsupported controller: rollout"],
    [
      ["--leader-elect=true", "--leader-election-retry-period", "soon"],
      "--leader-election-retry-period soon: use a duration such as 15s",
    ],
    [
      ["--leader-elect=true", "--leader-election-renew-deadline=20s"],
      "the lease duration must be longer than the renew deadline",
    ],
  ])("%j is refused", (args, words) => {
    expect(() => settingsOf(...args)).toThrow(words);
  });

  it("that are not known are refused", () => {
    expect(() => settingsOf("--rollout-thread=3")).toThrow("unknown option '--rollout-thread=3'");
  });

  it("that mean nothing here are told, with the reason", () => {
    const call = callOf(["--kloglevel", "3", "--enable-pprof-address=:6060"]);
    expect(ineffectiveFlags(call)).toEqual([
      "--enable-pprof-address (it is a Go profiler's; use node --inspect)",
      "--kloglevel (there is no klog; use --loglevel debug)",
    ]);
    expect(ineffectiveFlags(callOf(["--qps", "5"]))).toEqual([]);
  });

  it.each(["--loglevel=loud", "--logformat=xml"])("%s is refused", (flag) => {
    expect(() => [logLevelOf(callOf([flag])), logFormatOf(callOf([flag]))]).toThrow(
      flag.slice(2, 8),
    );
  });
});

describe("flags about load balancers", () => {
  it("ask them nothing unless told to", () => {
    expect(settingsOf().targetGroupTag).toBeUndefined();
    expect(settingsOf("--aws-verify-target-group=false").targetGroupTag).toBeUndefined();
  });

  it.each(["--aws-verify-target-group", "--alb-verify-weight"])("%s asks them", (flag) => {
    expect(settingsOf(flag).targetGroupTag).toBe("ingress.k8s.aws/resource");
    expect(settingsOf(flag, "--alb-tag-key-resource-id", "my/tag").targetGroupTag).toBe("my/tag");
  });
});
