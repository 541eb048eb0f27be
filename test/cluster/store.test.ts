// The object store over the API of a real cluster answers the same sheet as the others. In a real
// cluster others act too: every namespace has a ConfigMap of its own, which is left out of what is
// read, and controllers and kubelets change and delete what tests make.
import { describeObjectStore } from "../../src/objects/conformance.ts";
import { kubernetesStore } from "../../src/objects/kubernetes/kubernetes.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";
import type { ObjectList, ObjectStore } from "../../src/objects/object-store.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openCluster } from "./cluster.test-support.ts";

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
