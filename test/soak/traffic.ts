// Users: some hundred requests a second, over kept and fresh connections, with and without bodies.
// Each answer is looked at byte by byte; what did not come from a version of the service is lost.
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import { digestHeader, versionHeader } from "./service-source.ts";
import { serviceNames, type ServiceName, type World } from "./world.ts";

type RequestKind = "get" | "get, fresh" | "post" | "post, fresh" | "slow get" | "slow post";

export interface Loss {
  readonly atMs: number;
  readonly tookMs: number;
  readonly service: ServiceName;
  readonly kind: RequestKind;
  readonly why: string;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly service: ServiceName;
  readonly kind: RequestKind;
  readonly id: string;
  readonly body: Buffer | undefined;
}

const tickMs = 10;
const slowBodyMs = 250;
const answerWithinMs = 60_000;
const bodies = [200, 5_000, 60_000].map((size) => randomBytes(size));

function kindOf(turn: number): RequestKind {
  if (turn % 17 === 0) return "slow get";
  if (turn % 19 === 0) return "slow post";
  return (["get", "post", "get", "get, fresh", "post, fresh"] as const)[turn % 5] ?? "get";
}

export class Traffic {
  readonly #world: World;
  readonly #requestsPerSecond: number;
  readonly #kept = new http.Agent({ keepAlive: true, maxSockets: 16, scheduling: "fifo" });
  readonly #underWay = new Set<Promise<void>>();
  readonly #startedAtMs = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<
    (service: ServiceName, version: string, sentAtMs: number) => void
  >();
  readonly losses: Loss[] = [];
  /** Answers by `service version status`. */
  readonly answers = new Map<string, number>();
  #turn = 0;
  #sent = 0;

  constructor(world: World, requestsPerSecond: number) {
    this.#world = world;
    this.#requestsPerSecond = requestsPerSecond;
    this.#timer = setInterval(() => {
      this.#sendDue();
    }, tickMs);
  }

  get requests(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0) + this.losses.length;
  }

  /** The versions that answer the next `count` requests; slow ones that began before do not count. */
  async nextVersions(service: ServiceName, count: number): Promise<ReadonlySet<string>> {
    const fromMs = Date.now();
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const listener = (from: ServiceName, version: string, sentAtMs: number): void => {
        if (from !== service || sentAtMs < fromMs) return;
        seen.push(version);
        if (seen.length < count) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
    return new Set(seen);
  }

  /** Sends no more and waits for the answers under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#kept.destroy();
  }

  #sendDue(): void {
    const due = Math.floor(((Date.now() - this.#startedAtMs) * this.#requestsPerSecond) / 1000);
    // After a stall of this process the backlog is left out instead of sent in one burst.
    this.#sent = Math.max(this.#sent, due - Math.ceil(this.#requestsPerSecond / 5));
    for (; this.#sent < due; this.#sent += 1) {
      const request = this.#send();
      this.#underWay.add(request);
      void request.finally(() => this.#underWay.delete(request));
    }
  }

  async #send(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const kind = kindOf(turn);
    const service = serviceNames[turn % serviceNames.length] ?? "shop";
    const body = kind.includes("post") ? bodies[turn % bodies.length] : undefined;
    const sent: Sent = { service, kind, id: String(turn), body };
    const sentAtMs = Date.now();
    try {
      const answer = await this.#exchange(sent);
      const why = faultOf(answer, sent);
      if (why !== undefined) throw new Error(why);
      const version = String(answer.headers[versionHeader]);
      const key = `${service} ${version} ${String(answer.status)}`;
      this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
      for (const listener of this.#listeners) listener(service, version, sentAtMs);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.losses.push({ atMs: sentAtMs, tookMs: Date.now() - sentAtMs, service, kind, why });
    }
  }

  #exchange({ service, kind, id, body }: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: "127.0.0.1",
        port: this.#world.ports[service],
        path: kind === "slow get" ? "/slow" : "/",
        method: body === undefined ? "GET" : "POST",
        headers: {
          "x-request-id": id,
          ...(body === undefined ? {} : { "content-length": body.length }),
        },
        agent: kind.endsWith("fresh") ? false : this.#kept,
        timeout: answerWithinMs,
      });
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      });
      if (kind === "slow post") sendInHalves(request, body ?? Buffer.alloc(0));
      else request.end(body);
    });
  }
}

/** A stop must wait for the rest of a body, too. */
function sendInHalves(request: http.ClientRequest, body: Buffer): void {
  const half = Math.floor(body.length / 2);
  request.write(body.subarray(0, half));
  setTimeout(() => request.end(body.subarray(half)), slowBodyMs);
}

/** What is wrong with the answer; a 500 of the service's own is an answer like any other. */
function faultOf({ status, headers, body }: Answer, sent: Sent): string | undefined {
  const version = headers[versionHeader];
  if (typeof version !== "string")
    return `status ${String(status)}, from no version: ${body.trim()}`;
  const isOwn = status === 200 || (status === 500 && version.endsWith("-bad"));
  if (!isOwn) return `status ${String(status)} from ${version}`;
  const expected = JSON.stringify({ service: sent.service, version, id: sent.id });
  if (body !== expected) return `the body is ${JSON.stringify(body)} instead of ${expected}`;
  const digest = sent.body && createHash("sha256").update(sent.body).digest("hex");
  return headers[digestHeader] === digest ? undefined : `${version} got another body than was sent`;
}
