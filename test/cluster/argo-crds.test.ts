// With Argo Rollouts' own definitions installed: a stand-in that knows what Argo's know. Its API server
// drops strategy.rollingUpdate and strategy.recreate; the annotation says the same. Changes definitions of
// the whole cluster, so it runs only where HALDANE_TEST_OWN_CLUSTER=1 says that nobody else is there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customResourceDefinitions } from "../../src/api/schema/crds.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { openCluster, until, type Loose, type TestCluster } from "./cluster.test-support.ts";
import {
  startController,
  stopControllers,
  type RunningController,
} from "./controller.test-support.ts";
import { describeJudgedRollouts } from "./judged-sheet.test-support.ts";
import { applyDefinitions, kubectl, tryKubectl } from "./kubectl.test-support.ts";

const isOwnCluster = process.env["HALDANE_TEST_OWN_CLUSTER"] === "1";

interface Node {
  readonly properties: Record<string, Node>;
}

/** Our definition of Rollout without what is only ours. */
function argoDefinition(): JsonObject {
  const ours = customResourceDefinitions().find(({ type }) => type.kind === "Rollout")!;
  const copy = structuredClone(ours.definition) as unknown as {
    spec: { versions: { schema: { openAPIV3Schema: Node } }[] };
  };
  const root = copy.spec.versions[0]!.schema.openAPIV3Schema;
  const strategy = root.properties["spec"]!.properties["strategy"]!;
  delete strategy.properties["rollingUpdate"];
  delete strategy.properties["recreate"];
  return copy as unknown as JsonObject;
}

const rollout = (name: string, image: string, annotation: string, strategy: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name}${annotation} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: app, image: "${image}" }] }
  strategy: ${strategy}`;

describe.skipIf(!isOwnCluster)(
  `with Argo's definitions (${isOwnCluster ? "own cluster" : "HALDANE_TEST_OWN_CLUSTER is not 1"})`,
  () => {
    let cluster: TestCluster;
    let namespace: string;
    let controller: RunningController;

    beforeAll(async () => {
      kubectl(
        ["apply", "--server-side", "--force-conflicts", "--field-manager=haldane-tests", "-f", "-"],
        JSON.stringify(argoDefinition()),
      );
      // The first manager still has the fields it applied: the stand-in is put in its place as a whole.
      kubectl(["replace", "-f", "-"], JSON.stringify(argoDefinition()));
      await until("the API server has forgotten our strategies", async () =>
        kubectl(["explain", "rollout.spec.strategy"]).includes("rollingUpdate") ? false : true,
      );
      cluster = openCluster();
      namespace = await cluster.newNamespace();
      controller = await startController({ namespace });
    });

    afterAll(async () => {
      await controller.stop();
      await stopControllers();
      await applyDefinitions();
      await cluster.close();
    });

    const stored = async (name: string): Promise<Loose | undefined> =>
      cluster.get("Rollout", namespace, name);

    async function becomes(name: string, phase: string): Promise<Loose> {
      await until(
        `${name} is ${phase}`,
        async () => {
          const { metadata, status } = (await stored(name)) ?? {};
          const isSeen = status?.["observedGeneration"] === String(metadata?.generation);
          return isSeen && status["phase"] === phase;
        },
        { describe: async () => (await stored(name))?.status },
      );
      return (await stored(name))!;
    }

    function create(yaml: string): string {
      const ran = tryKubectl(["apply", "--validate=warn", "-n", namespace, "-f", "-"], yaml);
      expect(ran.code, ran.stderr).toBe(0);
      return ran.stderr;
    }

    // A rolling update may say its limits in the words that Argo's definitions keep.
    it.each([
      ["rollingUpdate", "{ canary: { maxSurge: 1 } }", { canary: { maxSurge: 1 } }],
      ["recreate", "{}", {}],
    ])("a Rollout annotated %s is delivered so", async (word, strategy, kept) => {
      const name = word.toLowerCase();
      const annotation = `, annotations: { haldane.dev/strategy: ${word} }`;
      expect(create(rollout(name, "a:1", annotation, strategy))).toBe("");
      await becomes(name, "Healthy");
      create(rollout(name, "a:2", annotation, strategy));
      const { status, spec } = await becomes(name, "Healthy");
      expect(status).toMatchObject({ updatedReplicas: 2, availableReplicas: 2 });
      expect(spec?.["strategy"]).toEqual(kept);
      const pods = await cluster.list("Pod", namespace);
      const images = pods
        .filter(({ metadata }) => metadata.labels?.["app"] === name && !metadata.deletionTimestamp)
        .map(({ spec: pod }) => (pod?.["containers"] as readonly { image: string }[])[0]?.image);
      expect(new Set(images)).toEqual(new Set(["a:2"]));
    });

    it("our own field is dropped with a warning, and the rollout says what is missing", async () => {
      const warning = create(rollout("dropped", "a:1", "", "{ recreate: {} }"));
      expect(warning).toContain('unknown field "spec.strategy.recreate"');
      const { status } = await becomes("dropped", "Degraded");
      expect(status?.["message"]).toContain("InvalidSpec");
      expect(await cluster.list("ReplicaSet", namespace)).not.toContainEqual(
        expect.objectContaining({
          metadata: expect.objectContaining({
            labels: expect.objectContaining({ app: "dropped" }),
          }),
        }),
      );
    });

    it("a canary is delivered as always", async () => {
      const steps = "{ canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1s } }] } }";
      create(rollout("canary", "a:1", "", steps));
      await becomes("canary", "Healthy");
      create(rollout("canary", "a:2", "", steps));
      await becomes("canary", "Healthy");
    });

    describeJudgedRollouts("Argo's definitions", () => ({ cluster, namespace }));
  },
);
