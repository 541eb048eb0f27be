import { describe, expect, it } from "vitest";
import { liveLine } from "./live-line.ts";

const happened = "  canary  10 %  Degraded - RolloutAborted: Rollout aborted update to revision 3";
const counts = "v1: 1546  v2: 1810  v3: 23 (4 failed)";

describe("the demo's live line", () => {
  it.each([
    [120, `${happened.slice(0, 60)}  ${counts}`],
    [79, `  canary  10 %  Degraded - RolloutAborte  ${counts}`],
    [39, `  canary  10 %  v1: 1546  v2: 1810  v3: `],
  ])("fits %i columns", (columns, line) => {
    expect(liveLine(happened, counts, columns)).toBe(line.slice(0, columns));
  });
});
