// Sorts what a transport reports by what it means for the client.
import { errors } from "undici";
import type { FailureKind } from "../stats/series.ts";

export interface Attempted {
  /** The connection stood and the request was handed to it. */
  readonly wasSent: boolean;
  /** The rule's own timeout ended the attempt. */
  readonly hasTimedOut: boolean;
}

/** `badRequest`: the transport refused the request itself, so no backend would take it. */
export function kindOf(
  error: Error,
  { wasSent, hasTimedOut }: Attempted,
): FailureKind | "badRequest" {
  if (hasTimedOut || isTimeout(error)) return "timeout";
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
    return "badRequest";
  }
  if (isClosedPool(error)) return "upstreamReset";
  return wasSent ? "upstreamReset" : "connectFailed";
}

function isTimeout(error: Error): boolean {
  return (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  );
}

/** The endpoint was taken out between choosing it and sending; it may well be serving still. */
function isClosedPool(error: Error): boolean {
  return error instanceof errors.ClientClosedError || error instanceof errors.ClientDestroyedError;
}

/** The error in words for the client and the log. */
export function causeOf(error: Error): string {
  return error.message === "" ? error.name : error.message;
}
