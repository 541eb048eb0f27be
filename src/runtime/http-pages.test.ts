import { afterEach, describe, expect, it } from "vitest";
import { isHaldaneError } from "../lib/errors.ts";
import { servePages, type PagesOptions, type ServedPages } from "./http-pages.ts";
import { keptLog } from "./virtual-world.test-support.ts";

const served: ServedPages[] = [];
const lines: string[] = [];

async function serve(pages: PagesOptions["pages"], port = 0): Promise<string> {
  const options = { port, pages, log: keptLog(lines), wantedBy: "the test", setting: "--port" };
  const page = await servePages(options);
  served.push(page);
  return `http://127.0.0.1:${page.port}`;
}

afterEach(async () => {
  for (const page of served.splice(0)) await page.close();
});

const ok = { "/healthz": async () => ({ contentType: "text/plain", body: "ok" }) };

describe("pages", () => {
  it("are answered, whatever the query", async () => {
    const url = await serve(ok);
    const answer = await fetch(`${url}/healthz?verbose`);
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "text/plain",
      "ok",
    ]);
  });

  it("that are not there, and other methods, are refused", async () => {
    const url = await serve(ok);
    const missing = await fetch(`${url}/constructor`);
    expect([missing.status, await missing.text()]).toEqual([404, "there are: /healthz\n"]);
    expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(405);
  });

  it("that fail say so, and why in the log", async () => {
    const url = await serve({ "/x": () => Promise.reject(new Error("no figures")) });
    expect((await fetch(`${url}/x`)).status).toBe(500);
    expect(lines).toEqual(["error a page could not be made"]);
  });

  it("on a port that is taken name the setting", async () => {
    const { port } = new URL(await serve(ok));
    const again = serve(ok, Number(port));
    await expect(again).rejects.toSatisfy((error) => isHaldaneError(error, "PORT_IN_USE"));
    await expect(again).rejects.toThrow("--port");
  });
});
