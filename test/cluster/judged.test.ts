// Judged rollouts on a cluster that has our definitions. With Argo's own: argo-crds.test.ts.
import { afterAll, beforeAll } from "vitest";
import { openCluster, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { describeJudgedRollouts } from "./judged-sheet.test-support.ts";

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

describeJudgedRollouts("our definitions", () => ({ cluster, namespace }));
