// Definitions of routers' kinds that a cluster without these routers does not have. One that is there
// is left as it is: it may be the real one.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { isStoreError } from "../../../src/objects/object-store.ts";
import { until, type TestCluster } from "../cluster.test-support.ts";

const folder = path.resolve(import.meta.dirname, "../crds");
const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function isEstablished({ client }: TestCluster, name: string): Promise<boolean> {
  const path = `${definitionsPath}/${name}`;
  const { status } = (await client.json({ method: "GET", path })) as unknown as Definition;
  const conditions = status?.conditions ?? [];
  return conditions.some((one) => one.type === "Established" && one.status === "True");
}

async function create(cluster: TestCluster, definition: Definition): Promise<void> {
  const { name } = definition.metadata;
  try {
    await cluster.client.json({ method: "POST", path: definitionsPath, body: definition });
  } catch (error) {
    if (!isStoreError(error, "AlreadyExists")) throw error;
  }
  await until(`${name} is served`, async () => isEstablished(cluster, name));
}

export async function createMissingDefinitions(cluster: TestCluster): Promise<void> {
  for (const file of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, file), "utf8");
    for (const document of parseAllDocuments(text)) {
      await create(cluster, document.toJS() as Definition);
    }
  }
}
