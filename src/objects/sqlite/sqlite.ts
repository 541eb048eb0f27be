// The object store of one machine: semantics/ over a table in memory, with every change on disk
// before anybody can read it. What was watched before a restart is listed anew (410 Expired).
import type Database from "better-sqlite3";
import { haldaneError } from "../../lib/errors.ts";
import { StoreError } from "../object-store.ts";
import type { Engine, EngineOptions } from "../semantics/engine-options.ts";
import { createEngine, isStorable } from "../semantics/engine.ts";
import { immutable } from "../semantics/immutable.ts";
import type { Journal } from "../semantics/ledger.ts";
import { refOfStored, type Change, type Stored } from "../semantics/stored.ts";
import { codeOf, openDatabase } from "./database.ts";

export interface SqliteStoreOptions extends Omit<EngineOptions, "journal" | "initial"> {
  readonly dataDir: string;
}

export interface SqliteStore {
  readonly store: Engine;
  /** For tests that make the disk full. */
  readonly database: Database.Database;
  /** Ends all watches and releases the data directory. */
  close(): void;
}

/** Kubernetes keeps events for an hour; a delivery may take a day, and its disk is not shared. */
const defaultEventLifeMs = 24 * 3_600_000;

interface Row {
  readonly json: string;
}

function readObjects(database: Database.Database, file: string): readonly Stored[] {
  return (database.prepare("SELECT json FROM objects").all() as readonly Row[]).map(({ json }) => {
    const value: unknown = JSON.parse(json);
    if (isStorable(value)) return immutable(value) as unknown as Stored;
    throw haldaneError("DATABASE_CORRUPT", { file, problem: "a row holds no object" });
  });
}

function readVersion(database: Database.Database): number {
  return Number(database.prepare("SELECT version FROM version").pluck().get());
}

/** What a failed write means to whoever asked for it: try again later; nothing was written. */
function refusal(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (!code.startsWith("SQLITE_")) return error;
  const isFull = code === "SQLITE_FULL";
  const cause = isFull ? haldaneError("DISK_FULL", { where: file }, { cause: error }) : error;
  const message = isFull
    ? (cause as Error).message
    : `the database ${file} cannot be written: ${(error as Error).message}`;
  return new StoreError("ServiceUnavailable", message, { cause });
}

function journalOf(database: Database.Database, file: string): Journal {
  const put = database.prepare(
    "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json",
  );
  const remove = database.prepare(
    "DELETE FROM objects WHERE api_version = ? AND kind = ? AND namespace = ? AND name = ?",
  );
  const advance = database.prepare("UPDATE version SET version = ?");
  const writeBoth = database.transaction(({ type, version, object }: Change) => {
    const { apiVersion, kind, namespace, name } = refOfStored(object);
    if (type === "DELETED") remove.run(apiVersion, kind, namespace, name);
    else put.run(apiVersion, kind, namespace, name, JSON.stringify(object));
    advance.run(version);
  });
  return {
    write(change) {
      try {
        writeBoth(change);
      } catch (error) {
        throw refusal(error, file);
      }
    },
  };
}

/** Opens the store of a data directory; throws what openDatabase throws. */
export function openSqliteStore({ dataDir, ...options }: SqliteStoreOptions): SqliteStore {
  const { database, file } = openDatabase(dataDir);
  try {
    const objects = readObjects(database, file);
    const initial = { objects, version: readVersion(database), changes: [] };
    const store = createEngine({
      eventLifeMs: defaultEventLifeMs,
      ...options,
      initial,
      journal: journalOf(database, file),
    });
    return {
      store,
      database,
      close() {
        store.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
