// From typed flags and the environment to what the controller runs by. Every value is checked before
// anything is started.
import { readFileSync } from "node:fs";
import type { ControllerSettings } from "../../compose/kubernetes.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import type { RouterSettings } from "../../routers/router.ts";
import { leaseTimesProblem, type LeaseTimes } from "../../runtime/leader-election.ts";
import { logLevels, type LogLevel } from "../../runtime/pino-log.ts";
import { listOption, textOption, usageError, type CommandCall } from "../command.ts";
import { flagDefault, ignoredFlags } from "./flags.ts";

const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const defaultOwnNamespace = "argo-rollouts";

/** commander's name of an option: `--leader-elect` is `leaderElect`. */
function keyOf(name: string): string {
  return name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}

/** What was typed, else the default; "" if there is neither. */
export function textOf(call: CommandCall, name: string): string {
  return textOption(call, keyOf(name)) ?? flagDefault(name) ?? "";
}

export function numberOf(call: CommandCall, name: string, least: number): number {
  const text = textOf(call, name);
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
  throw usageError(call, `--${name} ${text}: use a number, ${least} or more`);
}

function wholeOf(call: CommandCall, name: string, least: number): number {
  const value = numberOf(call, name, least);
  if (Number.isInteger(value)) return value;
  throw usageError(call, `--${name} ${value}: use a whole number`);
}

/** As Go's flags: bare means true, and a value has to be joined by "=" there. */
export function isSet(call: CommandCall, name: string): boolean {
  const typed = call.options[keyOf(name)];
  if (typed === true) return true;
  const text = textOf(call, name).toLowerCase();
  if (["true", "t", "1"].includes(text)) return true;
  if (["false", "f", "0", ""].includes(text)) return false;
  throw usageError(call, `--${name}=${text}: use true or false`);
}

/** In milliseconds. Go's notation, or plain seconds where `isSeconds`. */
export function durationOf(call: CommandCall, name: string): number {
  const text = textOf(call, name);
  const parsed = parseGoDuration(text);
  if (parsed.ok && parsed.ms >= 0) return parsed.ms;
  throw usageError(call, `--${name} ${text}: use a duration such as 15s`);
}

function portOf(call: CommandCall, name: string): number {
  const port = wholeOf(call, name, 0);
  if (port <= 65_535) return port;
  throw usageError(call, `--${name} ${port}: use a port from 0 (any free one) to 65535`);
}

function electionOf(call: CommandCall): LeaseTimes | undefined {
  if (!isSet(call, "leader-elect")) return undefined;
  const times = {
    leaseDurationMs: durationOf(call, "leader-election-lease-duration"),
    renewDeadlineMs: durationOf(call, "leader-election-renew-deadline"),
    retryPeriodMs: durationOf(call, "leader-election-retry-period"),
  };
  const problem = leaseTimesProblem(times);
  if (problem === undefined) return times;
  throw usageError(call, `--leader-election-*: ${problem}`);
}

function onlyOf(call: CommandCall): "analysis" | undefined {
  const named = listOption(call, "controllers");
  const unknown = named.find((name) => name !== "analysis");
  if (unknown !== undefined)
    throw usageError(call, `unsupported controller: ${unknown}; only analysis can run alone`);
  return named.length === 0 ? undefined : "analysis";
}

/** The namespace this process runs in, as Argo finds it. */
function ownNamespaceOf({ cli }: CommandCall): string {
  const said = cli.env["POD_NAMESPACE"] ?? "";
  if (said !== "") return said;
  try {
    const mounted = readFileSync(serviceAccountNamespace, "utf8").trim();
    return mounted === "" ? defaultOwnNamespace : mounted;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return defaultOwnNamespace;
    throw error;
  }
}

function verificationOf(call: CommandCall): Pick<ControllerSettings, "targetGroupTag"> {
  const isWanted = isSet(call, "aws-verify-target-group") || isSet(call, "alb-verify-weight");
  return isWanted ? { targetGroupTag: textOf(call, "alb-tag-key-resource-id") } : {};
}

const verifyRetryVariable = "ROLLOUT_VERIFY_RETRY_INTERVAL";

/** Argo's variable: whole seconds. Go's notation is taken as well. */
function verifyRetryOf(call: CommandCall): Pick<RouterSettings, "verifyRetryMs"> {
  const text = (call.cli.env[verifyRetryVariable] ?? "").trim();
  if (text === "") return {};
  const parsed = parseGoDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (parsed.ok && parsed.ms >= 1000) return { verifyRetryMs: parsed.ms };
  throw usageError(
    call,
    `${verifyRetryVariable}=${text} in the environment: use whole seconds, 1 or more`,
  );
}

/** `namespace` is the kubeconfig's, or what -n says. */
export function controllerSettings(call: CommandCall, namespace: string): ControllerSettings {
  const only = onlyOf(call);
  const isOldPort = textOption(call, "metricsport") !== undefined;
  const timeout = textOption(call, "requestTimeout") ?? "0";
  const requestTimeoutMs = timeout === "0" ? 0 : durationOf(call, "request-timeout");
  return {
    instanceId: textOf(call, "instance-id"),
    watchedNamespace: isSet(call, "namespaced") ? namespace : undefined,
    ownNamespace: ownNamespaceOf(call),
    threads: {
      rollouts: wholeOf(call, "rollout-threads", 1),
      experiments: wholeOf(call, "experiment-threads", 1),
      analysis: wholeOf(call, "analysis-threads", 1),
      services: wholeOf(call, "service-threads", 1),
    },
    qps: numberOf(call, "qps", 0.001),
    burst: wholeOf(call, "burst", 1),
    election: electionOf(call),
    metricsPort: portOf(call, isOldPort ? "metricsport" : "metricsPort"),
    healthzPort: portOf(call, "healthzPort"),
    resyncMs: numberOf(call, "rollout-resync", 1) * 1000,
    ...(only === undefined ? {} : { only }),
    ...(requestTimeoutMs === 0 ? {} : { requestTimeoutMs }),
    ...verificationOf(call),
    routers: {
      istioApiVersion: textOf(call, "istio-api-version"),
      trafficSplitApiVersion: textOf(call, "traffic-split-api-version"),
      traefikApiVersion: textOf(call, "traefik-api-version"),
      ambassadorApiVersion: textOf(call, "ambassador-api-version"),
      appMeshApiVersion: textOf(call, "appmesh-crd-version"),
      ...verifyRetryOf(call),
    },
  };
}

const ownLevels: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  warning: "warn",
  fatal: "error",
  panic: "error",
};

export function logLevelOf(call: CommandCall): LogLevel {
  const text = textOf(call, "loglevel").toLowerCase();
  const level = ownLevels[text] ?? logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  const known = [...logLevels, ...Object.keys(ownLevels)].join(", ");
  throw usageError(call, `--loglevel ${text}: use one of ${known}`);
}

export function logFormatOf(call: CommandCall): "text" | "json" {
  const text = textOf(call, "logformat").toLowerCase();
  if (text === "text" || text === "json") return text;
  if (text === "") return "text";
  throw usageError(call, `--logformat ${text}: use text or json`);
}

/** Flags that were given and change nothing, with the reason. */
export function ineffectiveFlags(call: CommandCall): readonly string[] {
  return ignoredFlags
    .filter(({ name }) => call.options[keyOf(name)] !== undefined)
    .map(({ name, why }) => `--${name} (${why})`);
}
