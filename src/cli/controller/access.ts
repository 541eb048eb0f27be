// Which API server the controller works for: as Kubernetes' own programs find it, never the local
// cluster of the directory it happens to be started in (that one has its own controllers).
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { haldaneError } from "../../lib/errors.ts";
import { overrideAccess, type AccessOverrides } from "../../objects/kubernetes/access-overrides.ts";
import {
  inClusterAccess,
  KubeconfigError,
  readKubeconfig,
  type ClusterAccess,
} from "../../objects/kubernetes/kubeconfig.ts";
import { listOption, textOption, type CommandCall } from "../command.ts";
import { isSet } from "./settings.ts";

function filesOf({ options, cli }: CommandCall): readonly string[] {
  if (options.kubeconfig !== undefined) return [path.resolve(cli.cwd, options.kubeconfig)];
  const named = (cli.env["KUBECONFIG"] ?? "").split(path.delimiter).filter((file) => file !== "");
  const present = named.filter((file) => existsSync(file));
  if (named.length > 0) return present.length > 0 ? present : named;
  const home = path.join(cli.env["HOME"] ?? homedir(), ".kube", "config");
  return existsSync(home) ? [home] : [];
}

function overridesOf(call: CommandCall): AccessOverrides {
  const file = (name: string): string | undefined => {
    const typed = textOption(call, name);
    return typed === undefined ? undefined : path.resolve(call.cli.cwd, typed);
  };
  const isUnverified = call.options["insecureSkipTlsVerify"] !== undefined;
  return {
    server: textOption(call, "server"),
    caFile: file("certificateAuthority"),
    certFile: file("clientCertificate"),
    keyFile: file("clientKey"),
    serverName: textOption(call, "tlsServerName"),
    isVerified: isUnverified ? !isSet(call, "insecure-skip-tls-verify") : undefined,
    token: textOption(call, "token"),
    username: textOption(call, "username"),
    password: textOption(call, "password"),
    proxyUrl: textOption(call, "proxyUrl"),
    impersonate: {
      user: textOption(call, "as"),
      uid: textOption(call, "asUid"),
      groups: listOption(call, "asGroup"),
    },
  };
}

function foundAccess(call: CommandCall, files: readonly string[]): ClusterAccess | undefined {
  const { options, cli } = call;
  if (files.length === 0) return inClusterAccess(cli.env);
  return readKubeconfig({
    files,
    context: options.context,
    cluster: textOption(call, "cluster"),
    user: textOption(call, "user"),
  });
}

/** Throws a HaldaneError that says what to do when there is no cluster to work for. */
export function controllerAccess(call: CommandCall): ClusterAccess {
  const overrides = overridesOf(call);
  const files = filesOf(call);
  try {
    const access = overrideAccess(foundAccess(call, files), overrides);
    const namespace = call.options.namespace ?? access?.namespace;
    if (access !== undefined) return { ...access, namespace: namespace ?? "default" };
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    const params = { file: files.join(", "), problem: error.message };
    throw haldaneError("KUBECONFIG_UNREADABLE", params, { cause: error });
  }
  const tried = ["--kubeconfig", "KUBECONFIG", "~/.kube/config", "the pod's service account"];
  throw haldaneError("KUBECONFIG_MISSING", { tried });
}
