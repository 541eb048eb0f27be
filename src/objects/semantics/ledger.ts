// Every change goes through here, in one order: safe in the journal, visible in the table,
// remembered in the history, told to the watches, looked at by the collector.
import type { ListPage, ListScope } from "../object-store.ts";
import { createHistory, type History } from "./history.ts";
import { immutable } from "./immutable.ts";
import { listPage, type PageOfStored } from "./lists.ts";
import { refOfStored, type Change, type Stored, type StoredMeta } from "./stored.ts";
import { createTable, type Table } from "./table.ts";
import { createWatches, type Watches } from "./watches.ts";
import type { Clock } from "../../runtime/clock.ts";

/** Where changes are kept beyond the process. `write` returns once the change is safe, or throws. */
export interface Journal {
  write(change: Change): void;
}

export interface LedgerOptions {
  readonly clock: Clock;
  readonly journal: Journal | undefined;
  readonly initial:
    | {
        readonly objects: Iterable<Stored>;
        readonly version: number;
        readonly changes: readonly Change[];
      }
    | undefined;
  readonly historyLimit: number;
  readonly bookmarkEveryMs: number | undefined;
  /** Called last, once the change can be read. */
  readonly onChange: (change: Change) => void;
}

export class Ledger {
  readonly table: Table = createTable();
  readonly history: History;
  readonly watches: Watches;
  readonly #journal: Journal | undefined;
  readonly #onChange: (change: Change) => void;

  constructor(options: LedgerOptions) {
    const { initial, historyLimit } = options;
    for (const object of initial?.objects ?? []) this.table.put(object);
    this.history = createHistory({
      limit: historyLimit,
      version: initial?.version ?? 0,
      changes: initial?.changes ?? [],
    });
    this.watches = createWatches({
      history: this.history,
      clock: options.clock,
      current: (scope) => this.list(scope, undefined).items,
      bookmarkEveryMs: options.bookmarkEveryMs,
      bookmarkEveryChanges: Math.max(1, Math.floor(historyLimit / 4)),
    });
    this.#journal = options.journal;
    this.#onChange = options.onChange;
  }

  list(scope: ListScope, page: ListPage | undefined): PageOfStored {
    return listPage(this, scope, page);
  }

  put(object: Stored, previous: Stored | undefined): Stored {
    const version = this.history.version() + 1;
    const stored = versioned(object, version);
    this.#record({ version, type: previous ? "MODIFIED" : "ADDED", object: stored, previous });
    return stored;
  }

  /** Deletes for good; `last` is the state its watchers are told, `previous` the one they knew. */
  erase(previous: Stored, last: Stored = previous): Stored {
    const version = this.history.version() + 1;
    const object = versioned(last, version);
    this.#record({ version, type: "DELETED", object, previous });
    return object;
  }

  #record(change: Change): void {
    this.#journal?.write(change);
    if (change.type === "DELETED") this.table.remove(refOfStored(change.object));
    else this.table.put(change.object);
    this.history.append(change);
    this.watches.wake(change);
    this.#onChange(change);
  }
}

function versioned(object: Stored, version: number): Stored {
  const metadata: StoredMeta = { ...object.metadata, resourceVersion: String(version) };
  return immutable({ ...object, metadata }) as Stored;
}
