// A few read-only pages over HTTP, for probes and scrapers: /healthz, /metrics.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { haldaneError } from "../lib/errors.ts";
import { errorText, type Logger } from "./log.ts";

export interface Page {
  readonly contentType: string;
  readonly body: string;
}

export interface PagesOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly pages: Readonly<Record<string, () => Promise<Page>>>;
  readonly log: Logger;
  /** For messages: what the pages are, and the setting that names the port. */
  readonly wantedBy: string;
  readonly setting: string;
}

export interface ServedPages {
  readonly port: number;
  close(): Promise<void>;
}

function listenError(error: NodeJS.ErrnoException, options: PagesOptions): Error {
  const { port, wantedBy, setting } = options;
  const params = { address: "0.0.0.0", port, wantedBy, setting };
  if (error.code === "EADDRINUSE") return haldaneError("PORT_IN_USE", params, { cause: error });
  return error.code === "EACCES" ? haldaneError("PORT_FORBIDDEN", params, { cause: error }) : error;
}

async function listen(server: Server, options: PagesOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, options)));
    // Without an address: all of this machine's, as probes and scrapers come from outside.
    server.listen(options.port, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function answer(
  method: string,
  path: string,
  response: ServerResponse,
  { pages, log }: PagesOptions,
): Promise<void> {
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined || !["GET", "HEAD"].includes(method)) {
    response.writeHead(page === undefined ? 404 : 405, { "content-type": "text/plain" });
    response.end(`there are: ${Object.keys(pages).join(" ")}\n`);
    return;
  }
  try {
    const { contentType, body } = await page();
    response.writeHead(200, { "content-type": contentType });
    response.end(method === "HEAD" ? undefined : body);
  } catch (error) {
    log.error("a page could not be made", { path, error: errorText(error) });
    response.writeHead(500, { "content-type": "text/plain" });
    response.end("this page could not be made; the log says why\n");
  }
}

/** Rejects with PORT_IN_USE or PORT_FORBIDDEN. */
export async function servePages(options: PagesOptions): Promise<ServedPages> {
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    void answer(request.method ?? "", path, response, options);
  });
  const port = await listen(server, options);
  return {
    port,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
