// WebSocket: a request that asks to switch protocols. After the backend's 101 the two connections are joined and
// nothing is interpreted any more; any other answer is relayed and ends the connection, because bytes that
// follow it must not reach a backend as if they had been routed.
import { request as httpRequest, ServerResponse } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FailureKind } from "../stats/series.ts";
import { answer, failureStatus } from "./answer.ts";
import type { Balancer, Target } from "./balancer.ts";
import { responseHeaders } from "./headers.ts";

export interface TunnelInput {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client sent right behind the request. */
  readonly head: Buffer;
  readonly balancer: Balancer;
  readonly target: Target;
  readonly path: string;
  readonly headers: readonly string[];
  readonly timeoutMs: number | undefined;
}

export interface TunnelObserver {
  onTunnelOpen(tunnel: Tunnel): void;
  onTunnelEnd(tunnel: Tunnel): void;
  onLost(kind: FailureKind, message: string): void;
}

const connectTimeoutMs = 10_000;
const halfOpenMs = 1_000;

export class Tunnel {
  readonly #input: TunnelInput;
  readonly #observer: TunnelObserver;
  readonly #startMs = performance.now();
  #target: Target;
  #backend: ClientRequest | undefined;
  #backendSocket: Duplex | undefined;
  #attempt = 0;
  #isSettled = false;
  #isAnswered = false;
  #isCounted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(input: TunnelInput, observer: TunnelObserver) {
    this.#input = input;
    this.#observer = observer;
    this.#target = input.target;
  }

  start(): void {
    const { socket, timeoutMs } = this.#input;
    // Either end may vanish at any time; "close" follows and is where it is handled.
    socket.on("error", () => undefined);
    socket.once("close", this.#onClientGone);
    this.#observer.onTunnelOpen(this);
    this.#timer = setTimeout(this.#onTimeout, timeoutMs ?? connectTimeoutMs);
    this.#send();
  }

  /** Cuts both ends; for the end of a drain that ran out of time. */
  destroy(): void {
    this.#input.socket.destroy();
  }

  #send(): void {
    const { upstream } = this.#target;
    const { path, headers, request } = this.#input;
    this.#attempt += 1;
    this.#count(1);
    const backend = httpRequest({
      host: upstream.host,
      port: upstream.port,
      method: request.method,
      path,
      agent: false,
      headers: [...headers, "connection", "Upgrade", "upgrade", "websocket"],
    });
    this.#backend = backend;
    backend.once("upgrade", (response, socket, head) => this.#join(response, socket, head));
    backend.once("response", (response) => this.#relay(response));
    backend.on("error", (error) => this.#onBackendError(backend, error));
    backend.end();
  }

  #join(response: IncomingMessage, backendSocket: Duplex, backendHead: Buffer): void {
    const { socket, head } = this.#input;
    this.#backendSocket = backendSocket;
    backendSocket.on("error", () => undefined);
    // What the backend said last still has to reach the client.
    backendSocket.once("close", () => socket.end(() => socket.destroy()));
    if (this.#isSettled || socket.destroyed) {
      backendSocket.destroy();
      return;
    }
    this.#target.series.addResponse(101);
    this.#target.series.addLatency(performance.now() - this.#startMs);
    this.#settle();
    socket.write(switchingHead(response));
    if (backendHead.length > 0) socket.write(backendHead);
    if (head.length > 0) backendSocket.write(head);
    this.#countBytes(socket, backendSocket);
    socket.pipe(backendSocket);
    backendSocket.pipe(socket);
    socket.once("end", this.#onOneSideEnded);
    backendSocket.once("end", this.#onOneSideEnded);
  }

  #countBytes(socket: Duplex, backendSocket: Duplex): void {
    const { series } = this.#target;
    socket.on("data", (chunk: Buffer) => series.add("requestBytes", chunk.length));
    backendSocket.on("data", (chunk: Buffer) => series.add("responseBytes", chunk.length));
  }

  /** The backend declined: its answer goes to the client, and the connection with it. */
  #relay(answerOfBackend: IncomingMessage): void {
    this.#isAnswered = true;
    const response = this.#responseOnSocket();
    const { series } = this.#target;
    response.writeHead(
      answerOfBackend.statusCode ?? 502,
      answerOfBackend.statusMessage,
      responseHeaders(answerOfBackend.rawHeaders),
    );
    answerOfBackend.on("data", (chunk: Buffer) => series.add("responseBytes", chunk.length));
    answerOfBackend.once("end", () => {
      series.addResponse(answerOfBackend.statusCode ?? 502);
      series.addLatency(performance.now() - this.#startMs);
      this.#settle();
    });
    // The request's own error listener counts a backend that dies in mid-answer.
    answerOfBackend.once("error", (error) => this.#lose("upstreamReset", error.message));
    answerOfBackend.pipe(response);
  }

  #onBackendError(backend: ClientRequest, error: Error): void {
    if (backend !== this.#backend || this.#isSettled) return;
    const wasRefused = "code" in error && error.code === "ECONNREFUSED";
    const kind = wasRefused ? "connectFailed" : "upstreamReset";
    if (wasRefused) this.#noteFailedConnect();
    if (!this.#sendAgain(kind)) this.#lose(kind, error.message);
  }

  #noteFailedConnect(): void {
    this.#target.upstream.suspect(performance.now());
    this.#target.series.add("failedConnects");
  }

  /** An opening handshake is a GET without a body and may be repeated while no answer to it has begun. */
  #sendAgain(kind: FailureKind): boolean {
    if (this.#attempt > 1 || this.#isAnswered) return false;
    const next = this.#input.balancer.chooseAgain(this.#target, kind, performance.now());
    if (!next) return false;
    this.#target.series.add("retries");
    this.#count(-1);
    this.#target = next;
    this.#send();
    return true;
  }

  #lose(kind: FailureKind, cause: string): void {
    if (this.#isSettled) return;
    const { upstream, series } = this.#target;
    const message = `backend ${this.#input.balancer.backend}, pod ${upstream.pod} at ${upstream.host}:${String(upstream.port)}: ${cause}`;
    series.addLost(kind);
    this.#settle();
    this.#observer.onLost(kind, message);
    if (this.#isAnswered) this.#input.socket.destroy();
    else answer(this.#responseOnSocket(), failureStatus[kind], kind, message);
  }

  /** HTTP again on the upgraded connection, for one last answer. */
  #responseOnSocket(): ServerResponse {
    return lastResponse(this.#input.request, this.#input.socket);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #count(change: 1 | -1): void {
    this.#target.upstream.tunnels += change;
    this.#isCounted = change === 1;
  }

  readonly #onClientGone = (): void => {
    if (!this.#isSettled) this.#target.series.addClientAbort();
    this.#settle();
    if (this.#isCounted) this.#count(-1);
    this.#backend?.destroy();
    this.#backendSocket?.destroy();
    this.#observer.onTunnelEnd(this);
  };

  /** One side said its last word; the other may finish its own, but not keep the tunnel for ever. */
  readonly #onOneSideEnded = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#input.socket.destroy();
      this.#backendSocket?.destroy();
    }, halfOpenMs);
  };

  readonly #onTimeout = (): void => {
    this.#lose("timeout", "no answer to the upgrade in time");
    this.#backend?.destroy();
  };
}

/** A response on a connection that HTTP had already left; the connection ends with it. */
export function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
  return response;
}

function switchingHead(response: IncomingMessage): string {
  const fields: string[] = [];
  const headers = responseHeaders(response.rawHeaders);
  for (let index = 0; index + 1 < headers.length; index += 2) {
    fields.push(`${headers[index] ?? ""}: ${headers[index + 1] ?? ""}\r\n`);
  }
  const switched = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  return `HTTP/1.1 101 Switching Protocols\r\n${switched}${fields.join("")}\r\n`;
}
