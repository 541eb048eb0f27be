// The object store over the API of a real cluster answers the same sheet as the others. In a real
// cluster others act too: every namespace has a ConfigMap of its own, which is left out of what is
// read, and controllers and kubelets change and delete what tests make.
import { beforeAll } from "vitest";
import { refOf } from "../../src/api/meta/object.ts";
import { describeObjectStore } from "../../src/objects/conformance.ts";
import { configMap, ownedBy, rollout } from "../../src/objects/conformance/objects.ts";
import { kubernetesStore } from "../../src/objects/kubernetes/kubernetes.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";
import type { ObjectList, ObjectStore } from "../../src/objects/object-store.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openCluster, until } from "./cluster.test-support.ts";

function isOfTheCluster({ kind, metadata }: KubeObject): boolean {
  return kind === "ConfigMap" && metadata.name === "kube-root-ca.crt";
}

function withoutTheClustersOwn(store: ObjectStore): ObjectStore {
  return {
    get: store.get.bind(store),
    create: store.create.bind(store),
    update: store.update.bind(store),
    patch: store.patch.bind(store),
    delete: store.delete.bind(store),
    async list<T extends KubeObject>(
      ...asked: Parameters<ObjectStore["list"]>
    ): Promise<ObjectList<T>> {
      const list = await store.list<T>(...asked);
      return { ...list, items: list.items.filter((item) => !isOfTheCluster(item)) };
    },
    async *watch<T extends KubeObject>(...asked: Parameters<ObjectStore["watch"]>) {
      for await (const event of store.watch<T>(...asked))
        if (event.type === "BOOKMARK" || !isOfTheCluster(event.object)) yield event;
    },
  };
}

/** The collector re-reads every 30 s which kinds there are, and then has to list them. */
const collectorLearnsWithinMs = 90_000;

/**
 * On a control plane, or with definitions, only seconds old the collector knows no Rollouts yet: what is
 * asked about owners would go unanswered for longer than anybody waits. An owner that goes last tells:
 * only a collector that watches Rollouts lets it go.
 */
async function untilRolloutsAreCollected(): Promise<void> {
  const cluster = openCluster();
  const { store } = cluster;
  const namespace = await cluster.newNamespace();
  try {
    const owner = await store.create(rollout(namespace, "owner"));
    const child = await store.create(
      configMap(namespace, "child", ownedBy(owner, { blockOwnerDeletion: true })),
    );
    await store.delete(refOf(owner), { propagation: "Foreground" });
    const left = async (): Promise<readonly string[]> => {
      const found = await Promise.all([owner, child].map(async (one) => store.get(refOf(one))));
      return found.flatMap((one) => (one === undefined ? [] : [one.kind]));
    };
    await until(
      "the cluster's garbage collector collects a Rollout and its child (kube-controller-manager runs, and has seen the definitions of Rollouts)",
      async () => (await left()).length === 0,
      { withinMs: collectorLearnsWithinMs, describe: left },
    );
  } finally {
    await cluster.close();
  }
}

beforeAll(untilRolloutsAreCollected);

const history = "how much an API server remembers is not ours to set";
const kubelets = "the cluster's own kubelet, scheduler and pod garbage collector act on pods";

describeObjectStore(
  "kubernetes, against a real API server",
  async () => {
    const cluster = openCluster();
    const namespace = await cluster.newNamespace();
    const { client } = cluster;
    const store = kubernetesStore({ client, clock: systemClock, isStripping: false });
    return {
      store: withoutTheClustersOwn(store),
      namespace,
      stop: async () => cluster.close(),
    };
  },
  {
    skip: {
      "fills in what the store decides": "the cluster's ReplicaSet controller writes its status",
      "refuses pages of a version it has forgotten": history,
      "refuses versions it has forgotten": history,
      "bookmarks keep a quiet watch resumable": "they come each minute; watches.test.ts waits",
      "go with everything in them": "the cluster's namespace controller takes its time",
      "wait for what is held in them, and take nothing new": "the same",
      "a pod on a node gets its grace period, and waits for the kubelet": kubelets,
      "a pod on no node, or one that has ended, goes at once": kubelets,
    },
  },
);
