import { describe, expect, it } from "vitest";
import { pinoLogger } from "./pino-log.ts";

describe("the log of a process", () => {
  it("writes one JSON line per happening, with the fields of its parents", async () => {
    const lines: string[] = [];
    const log = await pinoLogger({ level: "info", write: (line) => lines.push(line) });
    log.debug("too fine");
    log
      .child({ controller: "rollout" })
      .warn("pass failed", { key: "default/a", error: new Error("no route") });
    expect(lines).toHaveLength(1);
    const line: unknown = JSON.parse(lines[0] ?? "");
    expect(line).toMatchObject({
      level: "warn",
      msg: "pass failed",
      controller: "rollout",
      key: "default/a",
      error: { message: "no route", stack: expect.stringContaining("no route") as string },
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    });
  });
});
