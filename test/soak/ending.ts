// Whether a delivery ended where it should: objects, pods, processes, route and answers.
import { setTimeout as sleep } from "node:timers/promises";
import type { Ending } from "./deliveries.ts";
import { podsServed } from "./processes.ts";
import type { Seen, Stage } from "./stage.ts";
import type { Traffic } from "./traffic.ts";
import { Stuck, until } from "./waiting.ts";
import { replicasOf, type ServiceName, type World } from "./world.ts";

type Row = readonly [what: string, actual: unknown, expected: unknown];

function rowsOf(service: ServiceName, seen: Seen, ending: Ending): readonly Row[] {
  const { rollout, pods, sets } = seen;
  const { status, spec } = rollout;
  const ready = pods.filter(
    (pod) => pod.status?.containerStatuses?.every(({ ready }) => ready) === true,
  );
  const oldestMs = Math.min(
    ...pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? "")),
  );
  const wanted = sets.filter(({ spec: { replicas = 0 } }) => replicas > 0);
  const n = replicasOf[service];
  return [
    ["phase", seen.phase, ending.phase],
    ["controller has seen the spec", seen.isObserved, true],
    ["image asked for", spec.template?.spec.containers[0]?.image, ending.specImage],
    ["stable image", seen.stableImage, ending.stableImage],
    ["pauses", status.pauseConditions?.length ?? 0, 0],
    ["aborted", status.abort === true, ending.phase === "Degraded"],
    [
      "images of the pods",
      [...new Set(pods.map((pod) => pod.spec.containers[0]?.image))],
      [ending.stableImage],
    ],
    ["pods", pods.length, n],
    ["pods ready", ready.length, n],
    [
      "restarts",
      pods
        .flatMap(
          (pod) => pod.status?.containerStatuses?.map(({ restartCount }) => restartCount) ?? [],
        )
        .filter((count) => count > 0),
      [],
    ],
    ["replicas of all revisions together", wanted.map((set) => set.spec.replicas), [n]],
    ["canary weight", seen.weight ?? 0, 0],
    ["pods are new", oldestMs >= (ending.renewedSinceMs ?? 0), true],
  ];
}

function differences(rows: readonly Row[]): readonly string[] {
  return rows
    .filter(([, actual, expected]) => JSON.stringify(actual) !== JSON.stringify(expected))
    .map(
      ([what, actual, expected]) =>
        `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`,
    );
}

export interface Judge {
  readonly world: World;
  readonly traffic: Traffic;
}

async function processDifferences(stage: Stage, { world }: Judge): Promise<readonly string[]> {
  const { pods } = await stage.look();
  const expected = pods.map(({ metadata }) => metadata.name).sort();
  const actual = podsServed(world.folder)
    .filter((name) => name.startsWith(`${stage.service}-`))
    .sort();
  return differences([["processes of pods", actual, expected]]);
}

async function answerDifferences(
  { service }: Stage,
  ending: Ending,
  { traffic }: Judge,
): Promise<readonly string[]> {
  const versions = await Promise.race([
    traffic.nextVersions(service, 15),
    sleep(30_000, undefined, { ref: false }),
  ]);
  return differences([
    [
      "versions that answer",
      [...(versions ?? [])],
      [ending.stableImage.replace(`${service}:`, "")],
    ],
  ]);
}

/** Waits for the ending; what is still different when the patience is over. */
export async function faultsAtEnd(
  stage: Stage,
  ending: Ending,
  judge: Judge,
): Promise<readonly string[]> {
  let left: readonly string[] = [];
  try {
    await until(`${stage.service} to end`, async () => {
      left = differences(rowsOf(stage.service, await stage.look(), ending));
      if (left.length === 0) left = await processDifferences(stage, judge);
      return left.length === 0;
    });
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    const { phase, message } = await stage.look();
    return [...left, `it says: ${phase} ${message}`];
  }
  return answerDifferences(stage, ending, judge);
}
