// cli/controller: the flags of `haldane controller`, as data: those of Argo Rollouts' controller with
// their defaults, so that a Deployment's arguments go on working. Those that mean nothing here are
// accepted, and told.
import type { Command } from "commander";

interface Flag {
  readonly name: string;
  /** What the value is called in the help; `true` and `false` are written for a boolean. */
  readonly value: "n" | "text" | "duration" | "file" | "boolean";
  readonly about: string;
  readonly default?: string;
  /** May be given several times. */
  readonly isList?: true;
}

const run: readonly Flag[] = [
  {
    name: "instance-id",
    value: "text",
    about: "act only on objects with this controller-instance-id label, or without one if empty",
    default: "",
  },
  {
    name: "namespaced",
    value: "boolean",
    about: "watch one namespace only: -n, or the kubeconfig's, or the pod's",
    default: "false",
  },
  {
    name: "controllers",
    value: "text",
    about: "run only this one; `analysis` is the only one that can run alone",
    isList: true,
  },
  { name: "rollout-threads", value: "n", about: "rollouts at a time", default: "10" },
  { name: "experiment-threads", value: "n", about: "experiments at a time", default: "10" },
  { name: "analysis-threads", value: "n", about: "analysis runs at a time", default: "30" },
  { name: "service-threads", value: "n", about: "services at a time", default: "10" },
  {
    name: "rollout-resync",
    value: "n",
    about: "seconds after which everything is listed and looked at again",
    default: "900",
  },
  { name: "qps", value: "n", about: "requests per second to the API server", default: "40" },
  { name: "burst", value: "n", about: "requests at once after a quiet time", default: "80" },
];

const election: readonly Flag[] = [
  {
    name: "leader-elect",
    value: "boolean",
    about: "wait for the lease before doing anything",
    default: "true",
  },
  {
    name: "leader-election-lease-duration",
    value: "duration",
    about: "how long others wait after the last renewal they saw",
    default: "15s",
  },
  {
    name: "leader-election-renew-deadline",
    value: "duration",
    about: "how long the leader goes on without a renewal",
    default: "10s",
  },
  {
    name: "leader-election-retry-period",
    value: "duration",
    about: "time between attempts to get or renew it",
    default: "2s",
  },
];

const pages: readonly Flag[] = [
  { name: "metricsPort", value: "n", about: "port of /metrics, on all addresses", default: "8090" },
  { name: "metricsport", value: "n", about: "the same, as older versions write it" },
  { name: "healthzPort", value: "n", about: "port of /healthz, on all addresses", default: "8080" },
  {
    name: "loglevel",
    value: "text",
    about: "what is logged: trace, debug, info, warn, error, fatal or panic",
    default: "info",
  },
  { name: "logformat", value: "text", about: "text or json", default: "text" },
];

const routers: readonly Flag[] = [
  { name: "istio-api-version", value: "text", about: "Istio's", default: "v1alpha3" },
  { name: "traffic-split-api-version", value: "text", about: "SMI's", default: "v1alpha1" },
  {
    name: "traefik-api-version",
    value: "text",
    about: "Traefik's",
    default: "traefik.io/v1alpha1",
  },
  {
    name: "ambassador-api-version",
    value: "text",
    about: "Ambassador's",
    default: "getambassador.io/v2",
  },
  { name: "appmesh-crd-version", value: "text", about: "App Mesh's", default: "v1beta2" },
];

const balancers: readonly Flag[] = [
  {
    name: "aws-verify-target-group",
    value: "boolean",
    about: "ask AWS load balancers whether they serve the weights (default: false)",
  },
  { name: "alb-verify-weight", value: "boolean", about: "the same, as older versions write it" },
  {
    name: "alb-tag-key-resource-id",
    value: "text",
    about: "tag of target groups that names their Service",
    default: "ingress.k8s.aws/resource",
  },
];

const connection: readonly Flag[] = [
  { name: "as", value: "text", about: "act as this user" },
  { name: "as-group", value: "text", about: "act as a member of this group", isList: true },
  { name: "as-uid", value: "text", about: "act as the user with this uid" },
  { name: "certificate-authority", value: "file", about: "authority of the server's certificate" },
  { name: "client-certificate", value: "file", about: "certificate to show" },
  { name: "client-key", value: "file", about: "its key" },
  { name: "cluster", value: "text", about: "cluster of the kubeconfig" },
  {
    name: "insecure-skip-tls-verify",
    value: "boolean",
    about: "do not check the server's certificate",
  },
  { name: "password", value: "text", about: "for basic authentication" },
  { name: "proxy-url", value: "text", about: "the HTTP proxy on the way to the API server" },
  {
    name: "request-timeout",
    value: "duration",
    about: "how long one answer may take (default 30s)",
  },
  { name: "server", value: "text", about: "URL of the API server" },
  { name: "tls-server-name", value: "text", about: "name to check the server's certificate for" },
  { name: "token", value: "text", about: "bearer token" },
  { name: "user", value: "text", about: "user of the kubeconfig" },
  { name: "username", value: "text", about: "for basic authentication" },
];

interface IgnoredFlag {
  readonly name: string;
  readonly isBoolean?: true;
  readonly why: string;
}

const pullsIngresses =
  "Ingresses are read when a rollout names one, not by a controller of their own";

export const ignoredFlags: readonly IgnoredFlag[] = [
  { name: "ingress-threads", why: pullsIngresses },
  { name: "ephemeral-metadata-threads", why: "pods are patched within the rollout's pass" },
  {
    name: "ephemeral-metadata-update-pod-retries",
    why: "a patch that is refused is repeated by the rollout's next pass",
  },
  { name: "traefik-api-group", why: "--traefik-api-version names the group" },
  { name: "ingress-api-version", why: "networking.k8s.io/v1 is the only one served by now" },
  { name: "alb-ingress-classes", why: pullsIngresses },
  { name: "nginx-ingress-classes", why: pullsIngresses },
  {
    name: "aws-target-group-binding-api-version",
    why: "target groups are found by their tags, not by TargetGroupBindings",
  },
  {
    name: "self-service-notification-enabled",
    isBoolean: true,
    why: "notifications are not sent yet",
  },
  { name: "enable-pprof-address", why: "it is a Go profiler's; use node --inspect" },
  { name: "kloglevel", why: "there is no klog; use --loglevel debug" },
  { name: "disable-compression", isBoolean: true, why: "answers are never compressed" },
];

function add(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...value.split(",")];
}

function declareFlag(command: Command, flag: Flag): void {
  const { name, value, about, default: usual, isList } = flag;
  const written = value === "boolean" ? `--${name} [true|false]` : `--${name} <${value}>`;
  const text = usual === undefined || usual === "" ? about : `${about} (default: ${usual})`;
  if (isList === true) command.option(written, text, add);
  else command.option(written, text);
}

/** Defaults are not given to commander: what was typed has to be told from what was not. */
export function declareFlags(command: Command): void {
  const groups = { Controller: run, "Leader election": election, Pages: pages };
  const versions = {
    "API versions of routers": routers,
    "Load balancers": balancers,
    Connection: connection,
  };
  for (const [title, flags] of Object.entries({ ...groups, ...versions })) {
    command.optionsGroup(`${title}:`);
    for (const flag of flags) declareFlag(command, flag);
  }
  command.optionsGroup("Accepted, of no effect:");
  for (const { name, isBoolean, why } of ignoredFlags)
    command.option(isBoolean === true ? `--${name} [true|false]` : `--${name} <value>`, why);
}

const allFlags = [...run, ...election, ...pages, ...routers, ...balancers, ...connection];

export function flagDefault(name: string): string | undefined {
  return allFlags.find((flag) => flag.name === name)?.default;
}
