// The stories that are played, service by service, and where each must end.
import type { Stage } from "./stage.ts";
import type { ServiceName } from "./world.ts";

export interface Ending {
  readonly phase: "Healthy" | "Degraded";
  /** What users are served with in the end. */
  readonly stableImage: string;
  /** What the rollout asks for: the same, or a version taken back. */
  readonly specImage: string;
  /** Pods made before this moment must be gone. */
  readonly renewedSinceMs?: number;
}

export interface Story {
  readonly name: string;
  play(stage: Stage, before: Ending): Promise<Ending>;
}

const healthy = (image: string): Ending => ({
  phase: "Healthy",
  stableImage: image,
  specImage: image,
});

const takenBack = (before: Ending, specImage: string): Ending => ({
  phase: "Degraded",
  stableImage: before.stableImage,
  specImage,
});

/** Something of the new version is live: the moment a person looks and decides. */
async function untilUnderWay(stage: Stage, image: string): Promise<void> {
  await stage.until(`${image} under way`, ({ currentImage, weight, rollout }) => {
    const isLive = weight === undefined ? (rollout.status.updatedReplicas ?? 0) > 0 : weight > 0;
    return currentImage === image && isLive;
  });
}

const promoted: Story = {
  name: "promoted by a person at the last pause",
  async play(stage) {
    const image = await stage.release();
    await stage.until(
      `${image} to be the current version`,
      ({ currentImage }) => currentImage === image,
    );
    await stage.untilPaused();
    await stage.promote();
    return healthy(image);
  },
};

const promotedInFull: Story = {
  name: "promoted in full, without the rest of the steps",
  async play(stage) {
    const image = await stage.release();
    await untilUnderWay(stage, image);
    await stage.send("promoteFull");
    return healthy(image);
  },
};

const aborted: Story = {
  name: "aborted by a person",
  async play(stage, before) {
    const image = await stage.release();
    await untilUnderWay(stage, image);
    await stage.send("abort");
    return takenBack(before, image);
  },
};

const abortedAndRetried: Story = {
  name: "aborted by a person, then retried and promoted",
  async play(stage) {
    const image = await stage.release();
    await untilUnderWay(stage, image);
    await stage.send("abort");
    await stage.until("the abort", ({ phase }) => phase === "Degraded");
    await stage.send("retry");
    await stage.untilPaused();
    await stage.promote();
    return healthy(image);
  },
};

const rolledBack: Story = {
  name: "a bad version, taken back by analysis",
  async play(stage, before) {
    return takenBack(before, await stage.release("bad"));
  },
};

const undone: Story = {
  name: "undone: back to the revision before",
  async play(stage, before) {
    const image = await stage.undo();
    // After an abort, the revision before is the stable one: there is nothing left to decide.
    if (image === before.stableImage) return healthy(image);
    await stage.until(
      `${image} to be the current version`,
      ({ currentImage }) => currentImage === image,
    );
    await stage.untilPaused();
    await stage.promote();
    return healthy(image);
  },
};

const overtaken: Story = {
  name: "V1 → V2 → V3: a third version in the middle of the second",
  async play(stage) {
    await untilUnderWay(stage, await stage.release());
    const image = await stage.release();
    await stage.until(
      `${image} to be the current version`,
      ({ currentImage }) => currentImage === image,
    );
    await stage.untilPaused();
    await stage.promote();
    return healthy(image);
  },
};

const replaced: Story = {
  name: "rolling update",
  async play(stage) {
    return healthy(await stage.release());
  },
};

const replacedTwice: Story = {
  name: "rolling update V1 → V2 → V3 in the middle",
  async play(stage) {
    await untilUnderWay(stage, await stage.release());
    return healthy(await stage.release());
  },
};

const replacedBack: Story = {
  name: "rolling update undone",
  async play(stage) {
    return healthy(await stage.undo());
  },
};

const restarted: Story = {
  name: "all pods restarted",
  async play(stage, before) {
    const sinceMs = Math.floor(Date.now() / 1000) * 1000;
    await stage.restart();
    return { ...before, renewedSinceMs: sinceMs };
  },
};

/** In this order, then from the front again. */
export const stories: Readonly<Record<ServiceName, readonly Story[]>> = {
  shop: [
    promoted,
    rolledBack,
    overtaken,
    aborted,
    undone,
    abortedAndRetried,
    undone,
    promotedInFull,
  ],
  pay: [promoted, rolledBack, overtaken, aborted, undone, promotedInFull, undone],
  mail: [replaced, replacedTwice, replacedBack, restarted],
};
