// The controller is killed (SIGKILL) again and again while rollouts are delivered on a real API server:
// all end where they should, and none skips a step or a gate on the way.
//   HALDANE_SEED=…       the kills of another run      HALDANE_CHAOS_ROLLOUTS=…   more of them
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRng, nextInt, type Rng } from "../../src/lib/rng.ts";
import { loopback, type Loopback } from "../../src/metrics/loopback.test-support.ts";
import {
  chronicleOf,
  endsWell,
  isOver,
  problemsOf,
  storyKinds,
  storyYaml,
  templateYaml,
  type Story,
} from "./chaos.test-support.ts";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import {
  isSettled,
  recordHistory,
  statusOf,
  type RecordedHistory,
} from "./history.test-support.ts";
import { RolloutUnderTest } from "./rollouts.test-support.ts";

const seed = Number(process.env["HALDANE_SEED"] ?? Date.now() % 1_000_000);
const rolloutCount = Number(process.env["HALDANE_CHAOS_ROLLOUTS"] ?? 50);
const atOnce = 12;
/** A life ends after between 5 and so many changes that anybody made to the objects. */
const longestLife = 160;

let cluster: TestCluster;
let judge: Loopback;
let namespace: string;
let history: RecordedHistory;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  history = await recordHistory(cluster.store, namespace);
  judge = await loopback(({ path }) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ value: path === "/good" ? 1 : 0 }),
  }));
});

afterAll(async () => {
  await stopControllers();
  await judge.close();
  await history.close();
  await cluster.close();
});

/** Starts the controller, kills it, and so on until told to end; leaves one running. Resolves with the kills. */
async function killAgainAndAgain(rng: Rng, isOverAlready: () => boolean): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    const controller = await startController({ namespace, args: ["--leader-elect=false"] });
    const last = history.count() + 5 + nextInt(rng, longestLife);
    await until("its time has come", async () => isOverAlready() || history.count() >= last, {
      withinMs: 200_000,
      describe: async () => controller.log().slice(-2000),
    });
    if (isOverAlready()) return kills;
    controller.signal("SIGKILL");
    expect(await controller.ended).toBeNull();
  }
}

async function deliver(story: Story): Promise<void> {
  const { name, kind } = story;
  const rollout = new RolloutUnderTest(cluster, namespace, name);
  await cluster.apply(storyYaml(story), namespace);
  await history.becomes("Rollout", name, (found) => isSettled(found, "Healthy"));
  await rollout.setVersion("v2");
  if (kind === "aborted canary") {
    await history.becomes(
      "Rollout",
      name,
      (found) => isSettled(found, "Paused") && statusOf(found)["currentStepIndex"] === 1,
    );
    await rollout.abort();
  }
  await history.becomes("Rollout", name, (found) => isOver(story, found));
}

it(`${rolloutCount} rollouts end right, whenever their controller is killed`, async () => {
  await cluster.apply(templateYaml("good", judge.url) + templateYaml("bad", judge.url), namespace);
  const stories = Array.from({ length: rolloutCount }, (_, index): Story => {
    const kind = storyKinds[index % storyKinds.length] ?? "canary";
    return { name: `r${index}`, kind };
  });

  let isDone = false;
  const killing = killAgainAndAgain(createRng(seed), () => isDone);
  const waiting = [...stories];
  const deliverNext = async (): Promise<void> => {
    for (let story = waiting.shift(); story; story = waiting.shift()) {
      await deliver(story);
    }
  };
  const delivering = Promise.all(Array.from({ length: atOnce }, deliverNext));
  await Promise.race([delivering, killing.then(async () => delivering)]).finally(() => {
    isDone = true;
  });
  const kills = await killing;
  console.warn(
    `${rolloutCount} rollouts, ${kills} kills, ${history.count()} changes; HALDANE_SEED=${seed}`,
  );

  for (const story of stories) {
    const rollout = new RolloutUnderTest(cluster, namespace, story.name);
    await until(`${story.name} has the pods it should`, async () => {
      const { v1, v2 } = await rollout.sizes();
      return endsWell(story) ? v2 === 2 && v1 === undefined : v1 === 2;
    });
  }
  const moments = history.moments();
  for (const story of stories.filter((one) => problemsOf(one, moments).length > 0))
    console.warn(chronicleOf(story, moments));
  expect(
    stories.flatMap((story) => problemsOf(story, moments)),
    `HALDANE_SEED=${seed}`,
  ).toEqual([]);
  // The proof proves something: without the verdicts, and without a step, it does not hold.
  const unjudged = moments.filter(({ kind }) => kind !== "AnalysisRun");
  const skipping = moments.filter(({ object }) => statusOf(object)["currentStepIndex"] !== 1);
  for (const story of stories.filter(endsWell)) {
    expect(problemsOf(story, unjudged)).not.toEqual([]);
    if (story.kind === "canary") expect(problemsOf(story, skipping)).not.toEqual([]);
  }
  expect(kills).toBeGreaterThan(rolloutCount / 10);
}, 400_000);
