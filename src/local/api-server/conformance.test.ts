// The whole way: our own Kubernetes client against our own API server over a memory store. What the
// sheet asks of a store must survive the trip over HTTP.
import { describeObjectStore } from "../../objects/conformance.ts";
import { ApiClient } from "../../objects/kubernetes/api-client.ts";
import { readKubeconfig } from "../../objects/kubernetes/kubeconfig.ts";
import { kubernetesStore } from "../../objects/kubernetes/kubernetes.ts";
import { systemClock } from "../../runtime/clock.ts";
import { newMemoryStore, startTestServer } from "./api-server.test-support.ts";

describeObjectStore("the API server", async ({ historyLimit }) => {
  const memory = newMemoryStore(historyLimit === undefined ? {} : { historyLimit });
  const api = await startTestServer({ store: memory });
  const access = readKubeconfig({ files: [api.server.kubeconfigPath] });
  const client = new ApiClient({ access, clock: systemClock, userAgent: "haldane/test" });
  const store = kubernetesStore({ client, clock: systemClock, isStripping: false });
  return {
    store,
    namespace: "default",
    stop: async () => {
      await client.close();
      await api.close();
    },
  };
});
