// Stands between a controller and the API server: passes everything on in the name of a user with
// few rights, and writes down who asked for what and whether it was refused. `kubectl proxy` does the
// signing in and the impersonation, so any kubeconfig will do.
import { spawn, type ChildProcess } from "node:child_process";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { writeFile } from "node:fs/promises";
import { kubeconfigFiles } from "./kubeconfig.test-support.ts";

/** A request as RBAC sees it: `patch argoproj.io/rollouts/status`. */
export interface RecordedRequest {
  readonly verb: string;
  /** Group and resource, with the subresource: `apps/deployments/scale`, `/pods`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly status: number;
}

export interface Recorder {
  /** For the controller: no credentials are needed. */
  readonly kubeconfig: string;
  requests(): readonly RecordedRequest[];
  close(): Promise<void>;
}

const pathPattern =
  /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<subresource>[^/]+))?$/;

const verbs: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch" };

function verbOf(method: string, hasName: boolean, isWatch: boolean): string {
  if (method === "GET") return isWatch ? "watch" : hasName ? "get" : "list";
  if (method === "DELETE") return hasName ? "delete" : "deletecollection";
  return verbs[method] ?? method.toLowerCase();
}

/** undefined: nothing RBAC has resources for, such as /version. */
export function requestOf(
  method: string,
  url: string,
  status: number,
): RecordedRequest | undefined {
  const { pathname, searchParams } = new URL(url, "http://server");
  const groups = pathPattern.exec(pathname)?.groups;
  if (groups === undefined) return undefined;
  const { group = "", namespace, resource = "", name, subresource } = groups;
  const isWatch = ["1", "true"].includes(searchParams.get("watch") ?? "");
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  const verb = verbOf(method, name !== undefined, isWatch);
  return { verb, resource: `${group}/${whole}`, namespace, name, status };
}

async function startKubectlProxy(user: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn("kubectl", ["proxy", "--port=0", `--as=${user}`], {
    env: { ...process.env, KUBECONFIG: kubeconfigFiles().join(path.delimiter) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`kubectl proxy ended with ${code ?? "a signal"}`)),
    );
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return { child, port };
}

export async function startRecorder(user: string, folder: string): Promise<Recorder> {
  const { child, port } = await startKubectlProxy(user);
  const recorded: RecordedRequest[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const onward = http.request({ host: "127.0.0.1", port, method, path: url, headers, agent });
    onward.on("response", (answer) => {
      const { statusCode = 502 } = answer;
      const seen = requestOf(method, url, statusCode);
      if (seen) recorded.push(seen);
      response.writeHead(statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as AddressInfo;
  const kubeconfig = path.join(folder, "recorder.kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${own}` } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    users: [{ name: "u", user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    requests: () => recorded,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
      child.removeAllListeners("exit");
      child.kill("SIGTERM");
    },
  };
}
