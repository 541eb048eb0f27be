import { defineConfig } from "vitest/config";

// A real Prometheus of this machine, asked by AnalysisRuns in real time: `npm run test:prometheus`.
export default defineConfig({
  test: {
    include: ["test/prometheus/**/*.test.ts"],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
