// meta/v1 Status: how Kubernetes says that something went wrong, or that a deletion went well.
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { isStoreError } from "../../objects/object-store.ts";
import { RequestProblem } from "./call.ts";

interface Failure {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: Json | undefined;
}

export function failureStatus({ code, reason, message, details }: Failure): JsonObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(isJsonObject(details) ? { details } : {}),
    code,
  };
}

export function successStatus(details: JsonObject): JsonObject {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** The Status of anything thrown; undefined for what nobody foresaw, which is ours to log. */
export function statusOfError(error: unknown): JsonObject | undefined {
  if (error instanceof RequestProblem) {
    return failureStatus({ code: error.status, reason: error.reason, message: error.message });
  }
  if (!isStoreError(error)) return undefined;
  const { code, reason, message, details } = error;
  return failureStatus({ code, reason, message, details });
}

export const internalErrorStatus: JsonObject = failureStatus({
  code: 500,
  reason: "InternalError",
  message: "Internal error occurred: the API server failed on this request; its log says why",
});
