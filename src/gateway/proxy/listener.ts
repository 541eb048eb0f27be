// One open port: accepts connections, finds the rule for each request and starts its exchange. The table is read
// once per request, so a swap falls between two requests and never into one.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import { hostOf } from "../routing/hostname.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { FailureKind } from "../stats/series.ts";
import { answer } from "./answer.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeObserver } from "./exchange.ts";
import { framingOf } from "./framing.ts";
import type { Framing } from "./framing.ts";
import { requestHeaders } from "./headers.ts";
import { mirrorRequest } from "./mirror.ts";
import { RequestBody } from "./request-body.ts";
import type { RuleTarget } from "./rule-target.ts";
import { declaredTrailers } from "./trailing-request.ts";
import { lastResponse, Tunnel } from "./tunnel.ts";
import type { TunnelObserver } from "./tunnel.ts";
import { withoutUpgrade } from "./without-upgrade.ts";

export interface ListenerCounters {
  requests: number;
  /** No route matched: answered 404. */
  unrouted: number;
  /** A rule matched that gives no backend a weight: answered 503. */
  noBackend: number;
  /** Refused for its framing or its target: answered 400, 408, 431 or 501. */
  badRequests: number;
  /** Our own mistake: answered 500. */
  internalErrors: number;
}

export interface ListenerLog {
  lost(listener: string, kind: FailureKind | "noBackend" | "internal", message: string): void;
}

type SoundFraming = Extract<Framing, { kind: "sound" }>;
type Found = { readonly rule: RuleTarget } & Pick<Chosen, "balancer" | "target">;
interface Chosen {
  readonly balancer: NonNullable<ReturnType<RuleTarget["split"]["next"]>>;
  readonly target: NonNullable<ReturnType<Chosen["balancer"]["choose"]>>;
}

const clientIdleMs = 75_000;
const clientHeadersMs = 60_000;
/** While closing: how long idle clients may still send a request, which is answered with Connection: close. */
const lingerMs = 500;
/** At the end of the time for closing: how long the last answers have to leave. */
const farewellMs = 100;

export class HttpListener implements ExchangeObserver, TunnelObserver {
  name: string;
  readonly address: string;
  readonly counters: ListenerCounters = {
    requests: 0,
    unrouted: 0,
    noBackend: 0,
    badRequests: 0,
    internalErrors: 0,
  };
  #table: RoutingTable<RuleTarget>;
  readonly #log: ListenerLog;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers not yet fully handed to the client's connection, with what a backend still does for them. */
  readonly #responses = new Map<ServerResponse, Exchange | undefined>();
  readonly #tunnels = new Set<Tunnel>();
  #isClosing = false;

  constructor(name: string, address: string, table: RoutingTable<RuleTarget>, log: ListenerLog) {
    this.name = name;
    this.address = address;
    this.#table = table;
    this.#log = log;
    this.#server = createServer({
      keepAliveTimeout: clientIdleMs,
      headersTimeout: clientHeadersMs,
      // An upload may take as long as it takes; node's default would cut it after five minutes.
      requestTimeout: 0,
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("request", (request, response) => this.#handle(request, response, false));
    this.#server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
      this.#handle(request, response, true),
    );
    this.#server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#server.on("connect", (request: IncomingMessage, socket: Duplex) =>
      this.#onConnect(request, socket),
    );
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) =>
      this.#onClientError(error, socket),
    );
  }

  /** Opens the port; 0 takes a free one. Rejects with the system's error, for example EADDRINUSE. */
  async open(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: this.address, port, backlog: 1_024 }, () => {
        this.#server.off("error", reject);
        // Later errors of the listening socket (too many open files) must not end the process.
        this.#server.on("error", (error) =>
          this.#log.lost(this.name, "internal", `listener: ${error.message}`),
        );
        resolve();
      });
    });
  }

  /** The bound port; 0 while not open. */
  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get inFlight(): number {
    return this.#responses.size;
  }

  get tunnels(): number {
    return this.#tunnels.size;
  }

  /** From the next request on. */
  use(name: string, table: RoutingTable<RuleTarget>): void {
    this.name = name;
    this.#table = table;
  }

  /**
   * Stops accepting at once and resolves when the last request is answered; idle connections get a moment to
   * send one more. `limitMs` bounds the whole; what is left then is cut.
   */
  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    for (const response of this.#responses.keys()) {
      if (!response.headersSent) response.shouldKeepAlive = false;
    }
    const closed = new Promise<void>((resolve) => {
      // The http server's own close() would cut idle connections on which a request may be on its way.
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
    const limit = setTimeout(() => this.#cutAll(), limitMs);
    const linger = setInterval(() => this.#closeIdle(), Math.min(lingerMs, limitMs));
    await closed;
    clearTimeout(limit);
    clearInterval(linger);
    // Ends the timers of the http server itself; the listening socket is closed already.
    this.#server.close(() => undefined);
  }

  #closeIdle(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    // node:http takes a connection for idle whose answer has ended but is not sent out yet.
    const isSending = [...this.#responses.keys()].some((response) => response.writableEnded);
    if (!isSending) this.#server.closeIdleConnections();
  }

  #cutAll(): void {
    for (const exchange of this.#responses.values()) exchange?.cut();
    for (const tunnel of this.#tunnels) tunnel.destroy();
    setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, farewellMs);
  }

  onTunnelOpen(tunnel: Tunnel): void {
    this.#tunnels.add(tunnel);
  }

  onTunnelEnd(tunnel: Tunnel): void {
    this.#tunnels.delete(tunnel);
  }

  onLost(kind: FailureKind, message: string): void {
    this.#log.lost(this.name, kind, message);
  }

  #handle(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    this.counters.requests += 1;
    this.#responses.set(response, undefined);
    response.once("close", () => this.#responses.delete(response));
    // Told to leave: a closing listener gives every client its answer and takes no further request.
    if (this.#isClosing) response.shouldKeepAlive = false;
    try {
      this.#forward(request, response, awaitsContinue);
    } catch (error) {
      this.#noteMistake(error);
      answer(response, 500, "internal", "the gateway made a mistake; its log says more");
    }
  }

  #noteMistake(error: unknown): void {
    this.counters.internalErrors += 1;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log.lost(this.name, "internal", message);
  }

  #forward(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const framing = framingOf(request);
    const keepAlive = response.shouldKeepAlive;
    // A client that is never told to continue will not send the body the parser waits for.
    if (awaitsContinue) response.shouldKeepAlive = false;
    const found = this.#find(request, response, framing);
    if (!found || framing.kind === "refused") return;
    response.shouldKeepAlive = keepAlive;
    const { rule, balancer, target } = found;
    const body = framing.hasBody ? this.#bodyOf(request, target.series) : undefined;
    const options: Dispatcher.DispatchOptions = {
      path: framing.target,
      method: request.method ?? "GET",
      headers: requestHeaders(request, framing.authority, rule.requestHeaderFilters),
      body: body ?? null,
      // The transport would end the connection after every HEAD and every GET with a body.
      reset: false,
    };
    const exchange = new Exchange(
      {
        request,
        response,
        rule,
        balancer,
        target,
        options,
        body,
        trailers: declaredTrailers(request),
        awaitsContinue,
      },
      this,
    );
    this.#responses.set(response, exchange);
    exchange.start();
    if (rule.mirrors.length > 0) mirrorRequest(rule.mirrors, request, options, framing.hasBody);
  }

  #bodyOf(request: IncomingMessage, series: Chosen["target"]["series"]): RequestBody {
    return new RequestBody(request, (chunk) => series.add("requestBytes", chunk.length));
  }

  /** The rule and the endpoint for a request; answers in their place when there is none. */
  #find(request: IncomingMessage, response: ServerResponse, framing: Framing): Found | undefined {
    if (framing.kind === "refused") {
      this.counters.badRequests += 1;
      response.shouldKeepAlive = false;
      answer(response, framing.status, "badRequest", framing.message);
      return undefined;
    }
    const rule = this.#ruleFor(request, framing);
    if (!rule) {
      this.counters.unrouted += 1;
      const host = framing.authority ?? "(none)";
      answer(
        response,
        404,
        "noRoute",
        `listener ${this.name}: no route matches ${request.method ?? "GET"} ${framing.target} for host ${host}`,
      );
      return undefined;
    }
    const chosen = this.#choose(rule, response);
    return chosen && { rule, ...chosen };
  }

  #ruleFor(request: IncomingMessage, framing: SoundFraming): RuleTarget | undefined {
    const mark = framing.target.indexOf("?");
    return this.#table.find({
      host: hostOf(framing.authority),
      path: mark === -1 ? framing.target : framing.target.slice(0, mark),
      query: mark === -1 ? "" : framing.target.slice(mark + 1),
      method: request.method ?? "GET",
      headers: request.headers,
    });
  }

  #choose(rule: RuleTarget, response: ServerResponse): Chosen | undefined {
    const balancer = rule.split.next();
    if (!balancer) {
      this.counters.noBackend += 1;
      const message = `listener ${this.name}: the rule gives no backend a weight above 0`;
      this.#log.lost(this.name, "noBackend", message);
      answer(response, 503, "noBackend", message);
      return undefined;
    }
    const target = balancer.choose(performance.now());
    const series = target?.series ?? balancer.seriesWithoutEndpoint();
    if (rule.split.divides) series.add("divided");
    if (target) return { balancer, target };
    const message = `backend ${balancer.backend} has no ready endpoint`;
    series.addLost("noEndpoint");
    this.#log.lost(this.name, "noEndpoint", message);
    answer(response, 503, "noEndpoint", message);
    return undefined;
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Always so on a server of ours; the event's type allows for servers fed by other streams.
    if (!(socket instanceof Socket)) return;
    try {
      this.#switchProtocol(request, socket, head);
    } catch (error) {
      this.#noteMistake(error);
      socket.destroy();
    }
  }

  #switchProtocol(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      // Other protocols (h2c) are not offered: the request is served as if it had not asked.
      withoutUpgrade(this.#server, request, socket, head);
      return;
    }
    this.counters.requests += 1;
    const framing = framingOf(request);
    const response = lastResponse(request, socket);
    const hasBody = framing.kind === "sound" && framing.hasBody;
    const found = this.#find(
      request,
      response,
      hasBody
        ? { kind: "refused", status: 400, message: "a WebSocket handshake has no body" }
        : framing,
    );
    if (!found || framing.kind === "refused") return;
    response.detachSocket(socket);
    const { rule, balancer, target } = found;
    new Tunnel(
      {
        request,
        socket,
        head,
        balancer,
        target,
        path: framing.target,
        headers: requestHeaders(request, framing.authority, rule.requestHeaderFilters),
        timeoutMs: rule.timeouts.backendRequestMs ?? rule.timeouts.requestMs,
      },
      this,
    ).start();
  }

  #onConnect(request: IncomingMessage, socket: Duplex): void {
    if (!(socket instanceof Socket)) return;
    this.counters.badRequests += 1;
    socket.on("error", () => undefined);
    const message = "CONNECT is not supported; this is a reverse proxy";
    answer(lastResponse(request, socket), 501, "badRequest", message);
  }

  /** The parser gave up on a connection: answers if no answer has begun there, and closes it. */
  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    this.counters.badRequests += 1;
    const isAnswering = [...this.#responses.keys()].some(
      (response) => response.socket === socket && response.headersSent,
    );
    if (isAnswering) {
      socket.destroy();
      return;
    }
    const status = statusOfParserError(error.code);
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  }
}

function statusOfParserError(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return "400 Bad Request";
}
