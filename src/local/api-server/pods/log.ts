// pods: what only pods have: logs, evictions, and the CPU and memory they use.
import type { Pod } from "../../../api/kubernetes/pod.ts";
import { parseTime } from "../../../lib/time.ts";
import { StoreError } from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { flag, wholeNumber, word } from "../http/query.ts";
import type { ApiOptions, LogRequest } from "../options.ts";
import { mustGet } from "../resources/read.ts";
import { refOfTarget, type ObjectTarget } from "../resources/target.ts";

function badRequest(message: string): StoreError {
  return new StoreError("BadRequest", message);
}

/** The container asked for, or the only one there is. */
function containerOf(pod: Pod, wanted: string | undefined): string {
  const { name } = pod.metadata;
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const all = [...containers, ...initContainers, ...ephemeralContainers].map(
    (container) => container.name,
  );
  if (wanted !== undefined) {
    if (all.includes(wanted)) return wanted;
    throw badRequest(
      `container ${wanted} is not valid for pod ${name}; choose one of: [${all.join(" ")}]`,
    );
  }
  const [first] = containers;
  if (first && containers.length === 1) return first.name;
  const names = containers.map((container) => container.name).join(" ");
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names}]`);
}

function sinceMsOf(query: URLSearchParams, nowMs: number): number | undefined {
  const seconds = wholeNumber(query, "sinceSeconds", 1);
  const time = word(query, "sinceTime");
  if (time === undefined) return seconds === undefined ? undefined : nowMs - seconds * 1000;
  const atMs = parseTime(time);
  if (seconds !== undefined)
    throw badRequest("at most one of sinceTime or sinceSeconds may be specified");
  if (atMs === undefined) throw badRequest(`sinceTime must be an RFC 3339 time, not "${time}"`);
  return atMs;
}

async function* firstBytes(
  chunks: AsyncIterable<Uint8Array | string>,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    yield bytes.subarray(0, left);
    left -= bytes.byteLength;
    if (left <= 0) return;
  }
}

export async function podLog(api: ApiOptions, call: Call, target: ObjectTarget): Promise<Reply> {
  const { readLogs } = api;
  if (readLogs === undefined)
    throw new StoreError("MethodNotAllowed", "this server has no logs: it runs no pods");
  const pod = (await mustGet(api, target)) as Pod;
  const { query } = call;
  const request: LogRequest = {
    pod: refOfTarget(target),
    container: containerOf(pod, word(query, "container")),
    follow: flag(query, "follow"),
    previous: flag(query, "previous"),
    timestamps: flag(query, "timestamps"),
    sinceMs: sinceMsOf(query, api.clock.now()),
    tailLines: wholeNumber(query, "tailLines"),
    signal: call.signal,
  };
  const limitBytes = wholeNumber(query, "limitBytes", 1);
  const chunks = await readLogs(request);
  return {
    kind: "stream",
    contentType: "text/plain",
    chunks: limitBytes === undefined ? chunks : firstBytes(chunks, limitBytes),
  };
}
