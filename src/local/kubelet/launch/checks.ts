// Carries out probes and lifecycle hooks: an HTTP request, a connection, a command, a pause.
import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Container, IntOrString, ProbeAction } from "../../../api/kubernetes/pod.ts";
import { sleep } from "../../../runtime/clock.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { LaunchPlan } from "./plan.ts";
import type { PortMap } from "./ports.ts";

export interface CheckContext {
  readonly container: Container;
  readonly ports: PortMap;
  /** Working directory and environment for commands; rejects when they cannot be made. */
  readonly plan: () => Promise<Pick<LaunchPlan, "cwd" | "env">>;
  readonly clock: Clock;
}

export interface CheckResult {
  readonly isOk: boolean;
  readonly message: string;
}

const ok: CheckResult = { isOk: true, message: "" };
const failed = (message: string): CheckResult => ({ isOk: false, message });

/** The port on loopback for a port's number or name in the container; other numbers mean themselves. */
export function loopbackPort(
  port: IntOrString,
  container: Container,
  ports: PortMap,
): number | undefined {
  const named = container.ports?.find((each) => each.name === port)?.containerPort;
  const containerPort = named ?? (/^\d+$/.test(String(port)) ? Number(port) : undefined);
  return containerPort === undefined ? undefined : (ports[String(containerPort)] ?? containerPort);
}

/** Never rejects: what goes wrong is the answer. */
export async function runCheck(
  action: ProbeAction,
  context: CheckContext,
  timeoutMs: number,
): Promise<CheckResult> {
  try {
    if (action.httpGet !== undefined) return await httpCheck(action.httpGet, context, timeoutMs);
    if (action.tcpSocket !== undefined) return await tcpCheck(action.tcpSocket, context, timeoutMs);
    if (action.exec !== undefined)
      return await execCheck(action.exec.command ?? [], context, timeoutMs);
    if (action.sleep !== undefined) {
      await sleep(context.clock, action.sleep.seconds * 1000);
      return ok;
    }
    return failed("it has no httpGet, tcpSocket or exec; give it one of them");
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function unknownPort(port: IntOrString): CheckResult {
  return failed(
    `the container has no port named "${port}"; name one of its ports or write a number`,
  );
}

function httpCheck(
  get: NonNullable<ProbeAction["httpGet"]>,
  { container, ports }: CheckContext,
  timeoutMs: number,
): Promise<CheckResult> {
  const port = loopbackPort(get.port, container, ports);
  if (port === undefined) return Promise.resolve(unknownPort(get.port));
  const isHttps = get.scheme?.toUpperCase() === "HTTPS";
  const host = get.host ?? "127.0.0.1";
  const path = get.path ?? "/";
  const headers = {
    "user-agent": "kube-probe/haldane",
    accept: "*/*",
    connection: "close",
    ...headersOf(get),
  };
  return new Promise((settle) => {
    const options = {
      host,
      port,
      path: path.startsWith("/") ? path : `/${path}`,
      headers,
      agent: false as const,
    };
    const request = isHttps
      ? httpsRequest({ ...options, rejectUnauthorized: false })
      : httpRequest(options);
    const timer = setTimeout(() => {
      settle(failed(`no answer from http://${host}:${port}${path} within ${timeoutMs / 1000} s`));
      request.destroy();
    }, timeoutMs);
    request.once("response", (response) => {
      clearTimeout(timer);
      response.resume();
      const status = response.statusCode ?? 0;
      settle(
        status >= 200 && status < 400 ? ok : failed(`HTTP probe failed with statuscode: ${status}`),
      );
    });
    request.once("error", (error) => {
      clearTimeout(timer);
      settle(failed(error.message));
    });
    request.end();
  });
}

function headersOf(get: NonNullable<ProbeAction["httpGet"]>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (get.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]),
  );
}

function tcpCheck(
  target: NonNullable<ProbeAction["tcpSocket"]>,
  { container, ports }: CheckContext,
  timeoutMs: number,
): Promise<CheckResult> {
  const port = loopbackPort(target.port, container, ports);
  if (port === undefined) return Promise.resolve(unknownPort(target.port));
  return new Promise((settle) => {
    const socket = connect({ host: target.host ?? "127.0.0.1", port, timeout: timeoutMs });
    const end = (result: CheckResult): void => {
      settle(result);
      socket.destroy();
    };
    socket.once("connect", () => end(ok));
    socket.once("timeout", () =>
      end(failed(`no connection to port ${port} within ${timeoutMs / 1000} s`)),
    );
    socket.once("error", (error) => end(failed(error.message)));
  });
}

function commandProblem(
  file: string,
  error: ExecFileException,
  output: string,
  timeoutMs: number,
): string {
  if (error.killed === true) return `command "${file}" timed out after ${timeoutMs / 1000} s`;
  return output.trim().slice(0, shownOutput) || error.message;
}

const outputLimitBytes = 64 * 1024;
const shownOutput = 300;

async function execCheck(
  command: readonly string[],
  { plan }: CheckContext,
  timeoutMs: number,
): Promise<CheckResult> {
  const [file, ...args] = command;
  if (file === undefined) return failed("exec has no command; give it one");
  const { cwd, env } = await plan();
  return new Promise((settle) => {
    const options = {
      cwd,
      env,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: outputLimitBytes,
    } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      settle(
        error === null ? ok : failed(commandProblem(file, error, `${stdout}${stderr}`, timeoutMs)),
      );
    });
  });
}
