import { defineConfig } from "vitest/config";

// The controller and the object store against a real Kubernetes API: `npm run test:cluster`, with a
// kubeconfig in HALDANE_TEST_KUBECONFIG or KUBECONFIG.
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    globalSetup: ["test/cluster/global-setup.ts"],
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    maxWorkers: Number(process.env["HALDANE_TEST_WORKERS"] ?? 2),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
