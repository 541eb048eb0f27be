// What command line flags say in place of a kubeconfig, as kubectl and Go's programs take them.
import {
  proxyIn,
  readText,
  type ClusterAccess,
  type CredentialSource,
  type ServerTls,
} from "./kubeconfig.ts";

/** What flags say in place of the kubeconfig; undefined = as it is there. */
export interface AccessOverrides {
  readonly server: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
  readonly isVerified: boolean | undefined;
  readonly token: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly proxyUrl?: string | undefined;
  readonly impersonate: {
    readonly user: string | undefined;
    readonly uid: string | undefined;
    readonly groups: readonly string[];
  };
}

const bareTls: ServerTls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  isVerified: true,
};

function bareAccess(server: string): ClusterAccess {
  return {
    server,
    namespace: "default",
    tls: bareTls,
    credentials: { kind: "none" },
    impersonate: {},
    origin: "--server",
  };
}

function credentialsOf({
  token,
  username,
  password = "",
}: AccessOverrides): CredentialSource | undefined {
  if (token !== undefined) return { kind: "token", token };
  return username === undefined ? undefined : { kind: "basic", username, password };
}

/** Without `found`, a server is enough. undefined: there is none of either. */
export function overrideAccess(
  found: ClusterAccess | undefined,
  overrides: AccessOverrides,
): ClusterAccess | undefined {
  const { server, impersonate } = overrides;
  const base = found ?? (server === undefined ? undefined : bareAccess(server));
  if (base === undefined) return undefined;
  const { tls } = base;
  const pem = (file: string | undefined, what: string): string | undefined =>
    file === undefined ? undefined : readText(file, what);
  const { user, uid, groups } = impersonate;
  const proxyUrl = proxyIn(overrides.proxyUrl, "--proxy-url") ?? base.proxyUrl;
  return {
    ...base,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    server: (server ?? base.server).replace(/\/+$/, ""),
    credentials: credentialsOf(overrides) ?? base.credentials,
    tls: {
      ca: pem(overrides.caFile, "certificate authority") ?? tls.ca,
      cert: pem(overrides.certFile, "client certificate") ?? tls.cert,
      key: pem(overrides.keyFile, "client key") ?? tls.key,
      serverName: overrides.serverName ?? tls.serverName,
      isVerified: overrides.isVerified ?? tls.isVerified,
    },
    impersonate: {
      ...base.impersonate,
      ...(user === undefined ? {} : { "impersonate-user": user }),
      ...(uid === undefined ? {} : { "impersonate-uid": uid }),
      ...(groups.length === 0 ? {} : { "impersonate-group": groups }),
    },
  };
}
