// How a question is put to a store, and what a question may use.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ObjectRef } from "../../api/meta/object.ts";
import {
  StoreError,
  type ObjectStore,
  type StoreErrorReason,
  type WatchEvent,
} from "../object-store.ts";
import { scope, type Loose } from "./objects.ts";

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** An existing, empty namespace of this test's own. */
  readonly namespace: string;
  readonly stop: () => Promise<void>;
}

export interface StoreRequest {
  /** How many changes the store shall remember; stores that cannot be told skip the questions about it. */
  readonly historyLimit?: number;
}

export interface ConformanceOptions {
  /** Titles of questions not asked, with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

export type MakeStore = (request: StoreRequest) => Promise<StoreUnderTest>;

/** What a question may use: a fresh store, a namespace in it, and looks at them. */
export interface Asked {
  readonly store: ObjectStore;
  readonly ns: string;
  readonly makeStore: MakeStore;
  /** A watch that is stopped after the question. */
  readonly watching: (
    watched: Parameters<ObjectStore["watch"]>[0],
    resourceVersion: string,
  ) => Collected;
  readonly version: (kind?: string) => Promise<string>;
  readonly isGone: (ref: ObjectRef) => Promise<boolean>;
  readonly stored: (ref: ObjectRef) => Promise<Loose>;
}

/** Asks one question, unless the store's sheet skips it. */
export type Ask = (title: string, question: (asked: Asked) => Promise<void>) => void;

/** The error a promise rejects with; fails if it is none of a store. */
export async function refusal(work: Promise<unknown>): Promise<StoreError> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  }
  throw new Error("this should have been refused");
}

export async function expectRefusal(
  work: Promise<unknown>,
  reason: StoreErrorReason,
  words?: RegExp | string,
): Promise<void> {
  const error = await refusal(work);
  expect({ reason: error.reason, message: error.message }).toEqual({
    reason,
    message: words === undefined ? error.message : (expect.stringMatching(words) as string),
  });
}

export async function eventually(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const untilMs = Date.now() + 8_000;
  while (!(await isTrue())) {
    if (Date.now() > untilMs) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Collects the events of a watch in the background; bookmarks apart. */
export class Collected {
  readonly events: WatchEvent<Loose>[] = [];
  readonly bookmarks: string[] = [];
  readonly #abort = new AbortController();
  readonly ended: Promise<unknown>;

  constructor(
    store: ObjectStore,
    watched: Parameters<ObjectStore["watch"]>[0],
    resourceVersion: string,
  ) {
    this.ended = this.#read(
      store.watch<Loose>(watched, { resourceVersion, signal: this.#abort.signal }),
    );
  }

  async #read(watch: AsyncIterable<WatchEvent<Loose>>): Promise<unknown> {
    try {
      for await (const event of watch) {
        if (event.type === "BOOKMARK") this.bookmarks.push(event.resourceVersion);
        else this.events.push(event);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  get lines(): readonly string[] {
    return this.events.map((event) =>
      event.type === "BOOKMARK" ? "" : `${event.type} ${event.object.metadata.name}`,
    );
  }

  async has(...lines: readonly string[]): Promise<void> {
    await eventually(
      async () => this.events.length >= lines.length,
      `${lines.join(", ")}; seen: ${this.lines.join(", ")}`,
    );
    expect(this.lines).toEqual(lines);
  }

  async stop(): Promise<unknown> {
    this.#abort.abort();
    return this.ended;
  }
}

function askedOf(
  { store, namespace: ns }: StoreUnderTest,
  makeStore: MakeStore,
  collected: Collected[],
): Asked {
  return {
    store,
    ns,
    makeStore,
    watching(watched, resourceVersion) {
      const one = new Collected(store, watched, resourceVersion);
      collected.push(one);
      return one;
    },
    version: async (kind = "ConfigMap") => (await store.list(scope(kind, ns))).resourceVersion,
    isGone: async (ref) => (await store.get(ref)) === undefined,
    async stored(ref) {
      const object = await store.get<Loose>(ref);
      expect(object, `${ref.kind} ${ref.name}`).toBeDefined();
      return object as Loose;
    },
  };
}

/** Within a describe: a fresh store before each question, everything stopped after it. */
export function asker(makeStore: MakeStore, { skip = {} }: ConformanceOptions): Ask {
  const collected: Collected[] = [];
  let under: StoreUnderTest;
  beforeEach(async () => {
    under = await makeStore({});
  });
  afterEach(async () => {
    await Promise.all(collected.splice(0).map(async (one) => one.stop()));
    await under.stop();
  });
  return (title, question) =>
    it.skipIf(Object.hasOwn(skip, title))(title, async () =>
      question(askedOf(under, makeStore, collected)),
    );
}
