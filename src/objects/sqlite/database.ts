// The file behind the store: its schema, its lock, and what can be wrong with it.
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { haldaneError } from "../../lib/errors.ts";

/** The version of the tables below. A newer file is refused; an older one is brought up to date. */
const schemaVersion = 1;

const createTables = `
  CREATE TABLE objects (
    api_version TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (api_version, kind, namespace, name)
  ) WITHOUT ROWID;
  CREATE TABLE version (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL);
  INSERT INTO version VALUES (1, 0);
`;

export interface OpenedDatabase {
  readonly database: Database.Database;
  readonly file: string;
}

interface Failure {
  readonly code?: string;
  readonly message?: string;
}

export function codeOf(error: unknown): string {
  return (error as Failure).code ?? "";
}

function textOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** What a check finds comes over several lines, under a heading that says nothing. */
function oneLine(text: string): string {
  return text.replace("*** in database main ***", "").trim().replaceAll(/\s+/g, " ");
}

const pidFile = "haldane.pid";

/** Whose lock it is, for the message only: the lock itself is the operating system's. */
function holderOf(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(dataDir, pidFile), "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function openFile(dataDir: string, file: string): Database.Database {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // There are Secrets in it. SQLite gives its other files the permissions of this one.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    return new Database(file, { timeout: 0 });
  } catch (error) {
    throw haldaneError(
      "DATA_DIRECTORY_UNUSABLE",
      { directory: dataDir, problem: textOf(error) },
      { cause: error },
    );
  }
}

/** Holds the file for this process alone until it ends, however it ends. */
function lock(database: Database.Database, dataDir: string): void {
  database.pragma("locking_mode = EXCLUSIVE");
  database.pragma("journal_mode = WAL");
  database.exec("BEGIN IMMEDIATE; COMMIT");
  writeFileSync(path.join(dataDir, pidFile), `${process.pid}\n`, { mode: 0o600 });
}

function prepare(database: Database.Database, dataDir: string): void {
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found > schemaVersion) {
    throw haldaneError("DATA_NEWER_VERSION", {
      directory: dataDir,
      found: String(found),
      supported: String(schemaVersion),
    });
  }
  // A write is safe against the end of this process at once, and against a power cut within a moment.
  database.pragma("synchronous = NORMAL");
  if (found === 0)
    database.transaction(() => {
      database.exec(createTables);
      database.pragma(`user_version = ${schemaVersion}`);
    })();
  const problem = String(database.pragma("quick_check(1)", { simple: true }));
  if (problem !== "ok")
    throw haldaneError("DATABASE_CORRUPT", { file: database.name, problem: oneLine(problem) });
}

function explained(error: unknown, dataDir: string, file: string): unknown {
  const code = codeOf(error);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return haldaneError(
      "DATA_DIRECTORY_IN_USE",
      { directory: dataDir, pid: holderOf(dataDir) },
      { cause: error },
    );
  }
  if (code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB") {
    return haldaneError("DATABASE_CORRUPT", { file, problem: textOf(error) }, { cause: error });
  }
  if (code === "SQLITE_FULL") return haldaneError("DISK_FULL", { where: file }, { cause: error });
  if (code.startsWith("SQLITE_") || code.startsWith("E")) {
    return haldaneError(
      "DATA_DIRECTORY_UNUSABLE",
      { directory: dataDir, problem: textOf(error) },
      { cause: error },
    );
  }
  return error;
}

/**
 * Opens (or makes) `<dataDir>/objects.db` for this process alone. Throws DATA_DIRECTORY_IN_USE,
 * DATA_DIRECTORY_UNUSABLE, DATA_NEWER_VERSION, DATABASE_CORRUPT or DISK_FULL; the file is then as it was.
 */
export function openDatabase(dataDir: string): OpenedDatabase {
  const file = path.join(dataDir, "objects.db");
  const database = openFile(dataDir, file);
  try {
    lock(database, dataDir);
    prepare(database, dataDir);
    return { database, file };
  } catch (error) {
    database.close();
    throw explained(error, dataDir, file);
  }
}
