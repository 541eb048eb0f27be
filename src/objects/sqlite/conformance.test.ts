import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRng } from "../../lib/rng.ts";
import { systemClock } from "../../runtime/clock.ts";
import { describeObjectStore } from "../conformance.ts";
import { openSqliteStore } from "./sqlite.ts";

describeObjectStore("sqlite", async ({ historyLimit }) => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "haldane-sqlite-"));
  const opened = openSqliteStore({
    dataDir,
    clock: systemClock,
    rng: createRng(1),
    newUid: randomUUID,
    ...(historyLimit === undefined ? {} : { historyLimit }),
  });
  return {
    store: opened.store,
    namespace: "default",
    stop: async () => {
      opened.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
});
