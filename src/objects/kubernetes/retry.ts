// Whether a request that failed is sent again, and after what time; pure. A write is repeated only
// where the server says that it has done nothing; whether any other took effect, the next pass sees.

export interface Asked {
  readonly method: string;
  /** Any failure is the caller's to judge. */
  readonly isAskedOnce?: boolean;
}

export type Failure =
  | { readonly kind: "answer"; readonly code: number; readonly retryAfter: string | undefined }
  /** `code` as Node and undici name it; "" if they do not. */
  | { readonly kind: "connection"; readonly code: string };

export interface Patience {
  /** How often passing failures (5xx, no connection) are tried again; refusals for load always are. */
  readonly retries: number;
  /** In [0, 1): spreads those who wait. */
  readonly random: () => number;
}

const mostRefusalsForLoad = 4;
const firstWaitMs = 100;
const longestWaitMs = 5_000;
const passingCodes: readonly number[] = [500, 502, 503, 504];
/** A kept connection that the server closed just as we used it. */
const cutCodes: readonly string[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];
/** No connection came about, so nothing was sent. */
const unsentCodes: readonly string[] = ["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT", "ENOTFOUND"];

function askedWaitMs(retryAfter: string | undefined): number | undefined {
  const seconds = Number(retryAfter ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

function growingWaitMs(tries: number, { random }: Patience): number {
  const fullMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1));
  return fullMs * (0.5 + random() / 2);
}

/** Milliseconds until the next try; undefined = no further try. `tries` counts those made. */
export function waitBeforeRetry(
  failure: Failure,
  asked: Asked,
  tries: number,
  patience: Patience,
): number | undefined {
  if (asked.isAskedOnce === true) return undefined;
  const isRead = asked.method === "GET";
  return failure.kind === "connection"
    ? waitForConnection(failure.code, isRead, tries, patience)
    : waitForAnswer(failure, isRead, tries, patience);
}

function waitForConnection(
  code: string,
  isRead: boolean,
  tries: number,
  patience: Patience,
): number | undefined {
  if (cutCodes.includes(code) && isRead && tries === 1) return 0;
  const isSafe = isRead || unsentCodes.includes(code);
  return isSafe && tries <= patience.retries ? growingWaitMs(tries, patience) : undefined;
}

function waitForAnswer(
  { code, retryAfter }: Extract<Failure, { kind: "answer" }>,
  isRead: boolean,
  tries: number,
  patience: Patience,
): number | undefined {
  const askedMs = askedWaitMs(retryAfter);
  if (code === 429) return tries <= mostRefusalsForLoad ? (askedMs ?? 1000) : undefined;
  if (!passingCodes.includes(code) || tries > patience.retries) return undefined;
  // With Retry-After the server says that it did nothing, whatever was asked.
  const isSafe = isRead || askedMs !== undefined;
  return isSafe ? (askedMs ?? growingWaitMs(tries, patience)) : undefined;
}
