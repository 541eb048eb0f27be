// As faults-canary.test.ts: stories whose steps and judgement make them long, in a file of their own
// so that they are played beside the others.
import { describeFaults } from "./fault-stories.ts";
import { answering, checkTemplate, inBackground, value } from "./story.ts";

describeFaults("canaries by steps, one fault at a time", [
  ["n4 w25 p1m w75 p | abort@6m", { strategy: { dynamicStableScale: true } }],
  [
    "n2 w50 p2m",
    {
      ...inBackground,
      objects: checkTemplate({ interval: "30s", failureLimit: 1 }),
      ...answering(value(0)),
    },
  ],
]);
