// A request and its answer as the handlers see them: no sockets, so that they can be read and
// tested as functions. http/ turns sockets into calls and replies into bytes.

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: {
    readonly accept: string;
    readonly contentType: string;
    readonly userAgent: string;
  };
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** The body, read once; rejects with a RequestProblem when it is too large or the client stalls. */
  body(): Promise<Uint8Array>;
}

export type Reply =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: object;
      readonly contentType?: string;
      readonly warnings?: readonly string[];
    }
  | {
      readonly kind: "text";
      readonly status: number;
      readonly text: string;
      readonly contentType?: string;
    }
  | {
      readonly kind: "stream";
      readonly contentType: string;
      /** Ends when the call's signal aborts. */
      readonly chunks: AsyncIterable<Uint8Array | string>;
    };

/** A refusal that belongs to HTTP rather than to the store; `status` has reasons StoreError has not. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    reason: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

export function jsonReply(body: object, status = 200, warnings: readonly string[] = []): Reply {
  return { kind: "json", status, body, ...(warnings.length > 0 ? { warnings } : {}) };
}
