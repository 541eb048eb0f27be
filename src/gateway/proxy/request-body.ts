// The request's body on its way to a backend. A stream of our own stands between, because the transport
// destroys the body it was given when an exchange ends early, and destroying the client's message would
// close the connection on which the answer is still to be sent.
import { Readable } from "node:stream";
import type { IncomingMessage } from "node:http";

export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #onChunk: (chunk: Buffer) => void;
  #isOpen = true;

  /** `onChunk` sees every piece that passes, for counting and mirroring. Reading starts when a backend asks for it. */
  constructor(request: IncomingMessage, onChunk: (chunk: Buffer) => void) {
    super({ highWaterMark: 65_536 });
    this.#request = request;
    this.#onChunk = onChunk;
    // Paused first, or the listener would start the flow before a backend is there to take it.
    request.pause();
    request.on("data", this.#take);
    request.on("end", this.#end);
    // The transport hears of the same error by itself and reports it to the exchange.
    this.on("error", () => undefined);
  }

  override _read(): void {
    if (this.#isOpen) this.#request.resume();
  }

  /** Lets the client finish sending into nothing, so that its connection can be used again. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#close();
    this.#request.resume();
    callback(error);
  }

  #close(): void {
    this.#isOpen = false;
    this.#request.off("data", this.#take);
    this.#request.off("end", this.#end);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#onChunk(chunk);
    if (!this.push(chunk)) this.#request.pause();
  };

  readonly #end = (): void => {
    this.#isOpen = false;
    this.push(null);
  };
}
