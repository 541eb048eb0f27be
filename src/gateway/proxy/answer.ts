// Answers that the gateway gives in a backend's place. Each is JSON and carries a header naming the reason, so that
// nobody mistakes it for an answer of the service.
import type { ServerResponse } from "node:http";
import type { FailureKind } from "../stats/series.ts";

export type GatewayError = FailureKind | "noRoute" | "noBackend" | "badRequest" | "internal";

const errorHeader = "haldane-gateway-error";

export const failureStatus = {
  noEndpoint: 503,
  connectFailed: 502,
  timeout: 504,
  upstreamReset: 502,
} as const satisfies Record<FailureKind, number>;

/** Ends the response with a status and a sentence; does nothing to a response already begun. */
export function answer(
  response: ServerResponse,
  status: number,
  error: GatewayError,
  message: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(`${JSON.stringify({ error, message })}\n`);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": body.length,
    [errorHeader]: error,
  });
  response.end(body);
}
