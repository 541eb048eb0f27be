import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap } from "../../api/kubernetes/workloads.ts";
import { isHaldaneError } from "../../lib/errors.ts";
import { createRng } from "../../lib/rng.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { isStoreError } from "../object-store.ts";
import { openSqliteStore, type SqliteStore } from "./sqlite.ts";

let dataDir: string;
let opened: SqliteStore | undefined;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), "haldane-sqlite-"));
});

afterEach(() => {
  opened?.close();
  opened = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

function open(): SqliteStore {
  let uids = 0;
  opened = openSqliteStore({
    dataDir,
    clock: new VirtualClock(0),
    rng: createRng(1),
    newUid: () => `uid-${(uids += 1)}`,
  });
  return opened;
}

function reopen(): SqliteStore {
  opened?.close();
  return open();
}

const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "a" };
const configMap = (data: Record<string, string>): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
  data,
});

function errorFrom(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the sqlite store over a restart", () => {
  it("has every object as it was, and goes on counting versions", async () => {
    const created = await open().store.create(configMap({ x: "1" }));
    const { store } = reopen();
    expect(await store.get(ref)).toEqual(created);
    const updated = await store.patch(ref, { type: "merge", body: { data: { x: "2" } } });
    expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(
      Number(created.metadata.resourceVersion),
    );
  });

  it("forgets deleted objects but not the version their deletion had", async () => {
    const first = open().store;
    await first.create(configMap({ x: "1" }));
    await first.delete(ref);
    const { resourceVersion } = await first.list({ apiVersion: "v1", kind: "ConfigMap" });
    const { store } = reopen();
    expect(await store.get(ref)).toBeUndefined();
    expect((await store.list({ apiVersion: "v1", kind: "ConfigMap" })).resourceVersion).toBe(
      resourceVersion,
    );
  });

  it("tells a watch from before the restart that it must list again", async () => {
    const created = await open().store.create(configMap({ x: "1" }));
    const { store } = reopen();
    await store.patch(ref, { type: "merge", body: { data: { x: "2" } } });
    const version = String(Number(created.metadata.resourceVersion) - 1);
    const watch = store.watch(
      { apiVersion: "v1", kind: "ConfigMap" },
      { resourceVersion: version, signal: new AbortController().signal },
    );
    const failure = await (async () => {
      for await (const _event of watch) return undefined;
      return undefined;
    })().catch((error: unknown) => error);
    expect(isStoreError(failure, "Expired")).toBe(true);
  });
});

describe("the data directory", () => {
  it("belongs to one process", async () => {
    open();
    const script = `
      import { openSqliteStore } from ${JSON.stringify(path.resolve(import.meta.dirname, "sqlite.ts"))};
      import { systemClock } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../runtime/clock.ts"))};
      try { openSqliteStore({ dataDir: ${JSON.stringify(dataDir)}, clock: systemClock, rng: { state: 1 }, newUid: () => "u" }); console.log("opened"); }
      catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--import",
      "tsx",
      "--input-type=module",
      "-e",
      script,
    ]);
    expect(stdout).toContain("DATA_DIRECTORY_IN_USE");
    expect(stdout).toContain(`pid ${process.pid}`);
  });

  it("refuses data of a newer version and leaves it alone", () => {
    open();
    opened?.close();
    opened = undefined;
    const file = path.join(dataDir, "objects.db");
    const database = new Database(file);
    database.pragma("user_version = 99");
    database.close();
    const error = errorFrom(open);
    expect(isHaldaneError(error, "DATA_NEWER_VERSION")).toBe(true);
    expect(new Database(file).pragma("user_version", { simple: true })).toBe(99);
  });

  it("refuses a damaged file and leaves it alone", () => {
    const file = path.join(dataDir, "objects.db");
    writeFileSync(file, "this is no database, whatever it is called".repeat(100));
    const before = readFileSync(file);
    expect(isHaldaneError(errorFrom(open), "DATABASE_CORRUPT")).toBe(true);
    expect(readFileSync(file)).toEqual(before);
  });

  it("refuses a file that was damaged in its middle, in one line", async () => {
    const { store } = open();
    for (let n = 0; n < 50; n += 1) {
      const { metadata, ...rest } = configMap({ x: "y".repeat(2_000) });
      await store.create({ ...rest, metadata: { ...metadata, name: `a${n}` } });
    }
    opened?.close();
    opened = undefined;
    const file = path.join(dataDir, "objects.db");
    const bytes = readFileSync(file);
    bytes.fill(0x41, 4096 * 3, 4096 * 8);
    writeFileSync(file, bytes);
    const error = errorFrom(open);
    expect(isHaldaneError(error, "DATABASE_CORRUPT")).toBe(true);
    expect((error as Error).message).not.toContain("\n");
  });

  it("is for its owner only, whatever the directory", () => {
    chmodSync(dataDir, 0o755);
    open();
    for (const name of ["objects.db", "objects.db-wal"])
      expect(statSync(path.join(dataDir, name)).mode & 0o777).toBe(0o600);
  });

  it("says so when it cannot be made", () => {
    writeFileSync(path.join(dataDir, "file"), "");
    dataDir = path.join(dataDir, "file", "below");
    expect(isHaldaneError(errorFrom(open), "DATA_DIRECTORY_UNUSABLE")).toBe(true);
    dataDir = path.dirname(path.dirname(dataDir));
  });
});

describe("a full disk", () => {
  it("refuses the write, keeps what was confirmed, and goes on once there is room", async () => {
    const { store, limitPages } = openLimited();
    await store.create(configMap({ x: "kept" }));
    limitPages(1);
    const big = { data: { x: "y".repeat(500_000) } };
    const failure = await store
      .patch(ref, { type: "merge", body: big })
      .catch((error: unknown) => error);
    expect(isStoreError(failure, "ServiceUnavailable")).toBe(true);
    expect(isHaldaneError((failure as Error).cause, "DISK_FULL")).toBe(true);
    expect((await store.get<ConfigMap>(ref))?.data).toEqual({ x: "kept" });
    limitPages(1_000_000);
    await store.patch(ref, { type: "merge", body: big });
    expect((await reopen().store.get<ConfigMap>(ref))?.data?.["x"]).toHaveLength(500_000);
  });

  /** SQLite's own page limit stands in for a disk without room: it fails with the same code. */
  function openLimited(): { store: SqliteStore["store"]; limitPages: (pages: number) => void } {
    const { store, database } = open();
    return { store, limitPages: (pages) => void database.pragma(`max_page_count = ${pages}`) };
  }
});
