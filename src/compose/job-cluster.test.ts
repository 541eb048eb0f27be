import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { loopback } from "../metrics/loopback.test-support.ts";
import { systemClock } from "../runtime/clock.ts";
import { jobStoreOf } from "./job-cluster.ts";

const options = { clock: systemClock, version: "1" };
const variable = "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG";

it("no kubeconfig, no other cluster", () => {
  expect(jobStoreOf({ ...options, env: {} })).toBeUndefined();
});

it("the cluster of a kubeconfig file", async () => {
  const server = await loopback(() => ({
    headers: { "content-type": "application/json" },
    body: '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"n"}}',
  }));
  const folder = mkdtempSync(path.join(tmpdir(), "haldane-jobs-"));
  try {
    const file = path.join(folder, "kubeconfig");
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: server.url } }],
      users: [{ name: "u", user: { token: "t" } }],
    };
    writeFileSync(file, JSON.stringify(config));
    const store = jobStoreOf({ ...options, env: { [variable]: file } });
    const ref = { apiVersion: "batch/v1", kind: "Job", namespace: "n", name: "j" };
    expect(await store?.get(ref)).toMatchObject({ kind: "Job" });
    expect(server.heard).toMatchObject([
      { path: "/apis/batch/v1/namespaces/n/jobs/j", headers: { authorization: "Bearer t" } },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
    await server.close();
  }
});

it.each([
  ["/nonexistent/kubeconfig", "/nonexistent/kubeconfig"],
  ["in-cluster", "this process runs in no cluster; give a kubeconfig file, or unset it"],
])("%s that is not there is told at once", (written, message) => {
  expect(() => jobStoreOf({ ...options, env: { [variable]: written } })).toThrow(message);
});
