import { defineConfig } from "vitest/config";

// The real kubectl against a real cluster of this machine: `npm run test:kubectl`.
export default defineConfig({
  test: {
    include: ["test/kubectl/**/*.test.ts", "src/local/api-server/kubectl.test.ts"],
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
