import type { EpochMs } from "../../lib/time.ts";
import type { HttpExchange } from "../http-exchange.ts";

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

export interface Credentials extends AwsKeys {
  readonly region: string;
}

/** What asking Amazon needs of the world. */
export interface AwsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: EpochMs;
  readonly transport: Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">;
}

/** Amazon refused, or there is nothing to sign with. The message says which and holds no keys. */
export class AwsError extends Error {
  override readonly name = "AwsError";
}
