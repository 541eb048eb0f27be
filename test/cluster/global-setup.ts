// Before all suites: is there a cluster, does it answer, does it know our kinds? Says why not, once.
import { customResourceDefinitions } from "../../src/api/schema/crds.ts";
import { ApiClient } from "../../src/objects/kubernetes/api-client.ts";
import { systemClock, sleep } from "../../src/runtime/clock.ts";
import { testAccess } from "./kubeconfig.test-support.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

interface Definition {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function isEstablished(client: ApiClient, name: string): Promise<boolean> {
  const found = (await client.json({
    method: "GET",
    path: `${definitions}/${name}`,
  })) as Definition;
  const conditions = found.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Established" && status === "True");
}

async function applyDefinitions(client: ApiClient): Promise<void> {
  for (const { type, definition } of customResourceDefinitions()) {
    const name = `${type.plural}.${type.group}`;
    await client.json({
      method: "PATCH",
      path: `${definitions}/${name}?fieldManager=haldane-tests&force=true`,
      contentType: "application/apply-patch+yaml",
      body: definition,
    });
    while (!(await isEstablished(client, name))) await sleep(systemClock, 100);
  }
}

export default async function setup(): Promise<void> {
  const client = new ApiClient({
    access: testAccess(),
    clock: systemClock,
    userAgent: "haldane-tests",
  });
  try {
    const version = (await client.json({ method: "GET", path: "/version" })) as {
      readonly gitVersion: string;
    };
    console.warn(`cluster: ${client.access.server}, ${version.gitVersion}`);
    await applyDefinitions(client);
  } finally {
    await client.close();
  }
}
