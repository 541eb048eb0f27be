import { defineConfig } from "vitest/config";
import { SlowFirst } from "./test/slow-first.ts";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: [
      "test/kubectl/**",
      "test/prometheus/**",
      "src/local/api-server/kubectl.test.ts",
      "test/cluster/**",
      "test/browser/**",
      "test/soak/**",
    ],
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
