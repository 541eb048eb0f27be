// Judged rollouts, whoever's definitions are installed: what is written is kept whole, a version as good as stable goes
// on, a worse one goes back, and its evidence can be read from what is stored.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until, type Loose, type TestCluster } from "./cluster.test-support.ts";
import {
  byTemplate,
  guarded,
  haldane,
  startCounted,
  template,
  type Counted,
} from "./judged-story.test-support.ts";

interface Place {
  readonly cluster: TestCluster;
  /** In which a controller runs. */
  readonly namespace: string;
}

interface Result {
  readonly phase: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly measurements: readonly {
    readonly phase: string;
    readonly message: string;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
}

function resultOf(run: Loose | undefined): Result {
  const [result] = (run?.status?.["metricResults"] ?? []) as unknown as readonly Result[];
  if (result === undefined) throw new Error(`no result: ${JSON.stringify(run)}`);
  return result;
}

class Judged {
  readonly #place: Place;
  readonly #name: string;
  readonly #manifest: (image: string) => object;

  constructor(place: Place, name: string, manifest: (image: string) => object) {
    this.#place = place;
    this.#name = name;
    this.#manifest = manifest;
  }

  async apply(image: string): Promise<void> {
    await this.#place.cluster.apply(JSON.stringify(this.#manifest(image)), this.#place.namespace);
  }

  async stored(): Promise<Loose> {
    const { cluster, namespace } = this.#place;
    const stored = await cluster.get("Rollout", namespace, this.#name);
    if (stored === undefined) throw new Error(`${this.#name} is gone`);
    return stored;
  }

  async becomes(phase: string): Promise<Loose> {
    const isSo = async (): Promise<boolean> => {
      const { metadata, status } = await this.stored();
      const isSeen = status?.["observedGeneration"] === String(metadata.generation);
      return isSeen && status["phase"] === phase;
    };
    const describe = async (): Promise<unknown> => (await this.stored()).status;
    await until(`${this.#name} is ${phase}`, isSo, { withinMs: 110_000, describe });
    return this.stored();
  }

  /** Its newest run. */
  async run(): Promise<Loose> {
    const { cluster, namespace } = this.#place;
    const { uid } = (await this.stored()).metadata;
    const runs = (await cluster.list("AnalysisRun", namespace)).filter(({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid),
    );
    const born = ({ metadata }: Loose): string => metadata.creationTimestamp ?? "";
    const [newest] = runs.toSorted((a, b) => (born(a) < born(b) ? 1 : -1));
    if (newest === undefined) throw new Error(`${this.#name} has no run`);
    return newest;
  }

  /** The hash of the update that is on its way. */
  async updated(): Promise<string> {
    const hashes = async (): Promise<readonly unknown[]> => {
      const { status } = await this.stored();
      return [status?.["currentPodHash"], status?.["stableRS"]];
    };
    await until(`${this.#name} is being updated`, async () => {
      const [current, stable] = await hashes();
      return current !== stable;
    });
    return String((await hashes())[0]);
  }
}

/** `placeOf`: after the suite's own beforeAll. */
export function describeJudgedRollouts(whose: string, placeOf: () => Place): void {
  describe(`judged rollouts with ${whose}`, () => {
    let counted: Counted;
    let place: Place;

    beforeAll(async () => {
      place = placeOf();
      counted = await startCounted();
      await place.cluster.apply(JSON.stringify(template(counted.url)), place.namespace);
    });

    afterAll(async () => {
      await counted.close();
    });

    const kinds: readonly (readonly [string, (image: string) => object])[] = [
      ["guarded", (image) => guarded("guarded", image, counted.url)],
      ["by-template", (image) => byTemplate("by-template", image)],
    ];

    it.concurrent.each(kinds)(
      "%s: as good as stable goes on, worse goes back",
      async (name, manifest) => {
        const judged = new Judged(place, name, manifest);
        await judged.apply("a:1");
        const first = await judged.becomes("Healthy");
        // Nothing that was written was dropped.
        expect(first).toMatchObject(JSON.parse(JSON.stringify(manifest("a:1"))) as object);

        await judged.apply("a:2");
        await judged.becomes("Healthy");
        const good = resultOf(await judged.run());
        expect(good.metadata).toMatchObject({ judge: "sequential", action: "safe" });

        await judged.apply("a:3");
        counted.breakVersion(await judged.updated());
        const { status } = await judged.becomes("Degraded");
        expect(status?.["message"]).toContain("The canary is worse. errors: canary ");
        const run = await judged.run();
        const bad = resultOf(run);
        expect(bad).toMatchObject({ phase: "Failed", metadata: { action: "roll back" } });
        expect(bad.metadata["state"]).toMatch(/^\{.*\}$/);
        expect(bad.metadata["ticks"]).toContain(";");
        expect(bad.measurements.at(-1)).toMatchObject({
          phase: "Failed",
          message: expect.stringContaining("The canary is worse.") as string,
          metadata: { action: "roll back", threshold: "4.605170" },
        });

        const at = ["-n", place.namespace] as const;
        const explained = await haldane("explain", run.metadata.name, ...at);
        expect(explained).toContain("The canary is worse.");
        expect(explained).toContain("shown to be worse at");
        const replayed = await haldane("replay", name, ...at);
        expect(replayed).toContain("judged again: the same evidence, to the bit");
        const stricter = await haldane("replay", name, "--alpha", "0.001", ...at);
        expect(stricter).toContain("judged otherwise");
        const plan = await haldane("plan", name, ...at);
        expect(plan).toMatch(/^[\w-]+: \d+ requests\/s/);

        // The same revision again: what was learned was stored, and counts at once.
        await haldane("retry", name, ...at);
        await until(`${name} is judged again`, async () => {
          const newest = await judged.run();
          return (
            newest.metadata.name !== run.metadata.name && newest.status?.["phase"] === "Failed"
          );
        });
        const again = await judged.run();
        expect(again.metadata.annotations?.["haldane.dev/continues"]).toBe(run.metadata.name);
        expect(resultOf(again).measurements.at(-1)?.message).toContain("goes on from");
        await judged.becomes("Degraded");
      },
      240_000,
    );
  });
}
