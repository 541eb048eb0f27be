import { expect, it } from "vitest";
import { textLogger } from "./text-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

it("writes one line each, quoted where needed, from its level up", () => {
  const lines: string[] = [];
  const clock = new VirtualClock(Date.parse("2026-11-21T06:48:00Z"));
  const log = textLogger({ level: "info", clock, write: (line) => lines.push(line) });
  log.debug("not shown");
  log.info("a pass ended", { key: "web/shop", tookMs: 3, missing: undefined });
  log.child({ controller: "rollout" }).warn('the "lease"\nwaits', { why: "held by one" });
  expect(lines).toEqual([
    'time="2026-11-21T06:48:00Z" level=info msg="a pass ended" key=web/shop tookMs=3\n',
    'time="2026-11-21T06:48:00Z" level=warn msg="the \\"lease\\"\\nwaits" controller=rollout why="held by one"\n',
  ]);
});
