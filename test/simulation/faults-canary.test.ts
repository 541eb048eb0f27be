// Whatever goes wrong once, a rollout ends as it would have ended, and no invariant is broken on the
// way: every write and every watch event of these stories is made to fail, one at a time.
import { describeFaults, isSoak } from "./fault-stories.ts";
import { answering, checkTemplate, inBackground, value } from "./story.ts";

describeFaults("canaries, one fault at a time", [
  ["n2 w50 p | abort@3m retry@5m promoteFull@7m"],
  ["n2 w50 p | set=shop:v2@1m set=shop:v3@3m promote@5m"],
]);

/** Much like the others, for the long run. */
if (isSoak) {
  describeFaults("more canaries, one fault at a time", [
    ["n2 w20 p1m w50 p1m"],
    ["n2 w50 p1m | undo@5m"],
    [
      "n2 w50 p1m",
      { ...inBackground, objects: checkTemplate({ interval: "30s" }), ...answering(value(1)) },
    ],
  ]);
}
