import { describe, expect, it } from "vitest";
import type { KubeObject } from "../api/meta/object.ts";
import type { EventRecorder, RecordedEvent } from "./events.ts";
import type { Logger } from "./log.ts";
import { trailingEvents } from "./trailing-events.ts";
import { VirtualClock } from "./virtual-clock.ts";

function rolloutOf(name: string): KubeObject {
  const metadata = { name, namespace: "default" };
  return { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata };
}

function eventOf(message: string): RecordedEvent {
  return { type: "Normal", reason: "ScalingReplicaSet", message, cause: message };
}

/** A store that answers when it is told to. */
class SlowRecorder implements EventRecorder {
  readonly asked: {
    message: string;
    atMs: number | undefined;
    answer: (error?: Error) => void;
  }[] = [];
  async record(_object: KubeObject, { message, atMs }: RecordedEvent): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.asked.push({
        message,
        atMs,
        answer: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
  }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function newWorld(limits: { atOnce: number; waitedFor: number; most: number }) {
  const recorder = new SlowRecorder();
  const clock = new VirtualClock(0);
  const errors: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message, fields) => errors.push(`${message}: ${JSON.stringify(fields)}`),
    child: () => log,
  };
  const events = trailingEvents({ recorder, clock, log, ...limits });
  const done: string[] = [];
  /** Of another rollout each time, unless it is named. */
  const record = (message: string, name = message): void => {
    events.record(rolloutOf(name), eventOf(message)).then(
      () => done.push(message),
      (error: unknown) => done.push(`${message}: ${(error as Error).message}`),
    );
  };
  return { recorder, clock, errors, events, done, record };
}

describe("events behind the work", () => {
  it("while few are waiting, resolves when the event is stored and rejects when it is not", async () => {
    const { recorder, record, done } = newWorld({ atOnce: 2, waitedFor: 2, most: 10 });
    record("a");
    record("b");
    await settle();
    expect(done).toEqual([]);
    recorder.asked[0]?.answer();
    recorder.asked[1]?.answer(new Error("500"));
    await settle();
    expect(done).toEqual(["a", "b: 500"]);
  });

  it("with many waiting, resolves at once and still stores all, in order and a few at a time", async () => {
    const { recorder, record, done, events } = newWorld({ atOnce: 2, waitedFor: 2, most: 10 });
    for (const message of ["a", "b", "c", "d", "e"]) record(message);
    await settle();
    expect(done).toEqual(["c", "d", "e"]);
    expect(recorder.asked.map(({ message }) => message)).toEqual(["a", "b"]);
    let isTold = false;
    void events.told().then(() => (isTold = true));
    for (let n = 0; n < 5; n += 1) {
      expect(isTold).toBe(false);
      recorder.asked[n]?.answer();
      await settle();
    }
    expect(recorder.asked.map(({ message }) => message)).toEqual(["a", "b", "c", "d", "e"]);
    expect(isTold).toBe(true);
  });

  it("stores those of one object in the order they were recorded", async () => {
    const { recorder, record, done } = newWorld({ atOnce: 3, waitedFor: 9, most: 9 });
    for (const message of ["a", "b", "c"]) record(message, "shop");
    record("x", "cart");
    const sent = (): string => recorder.asked.map(({ message }) => message).join("");
    expect(sent()).toBe("ax");
    recorder.asked[0]?.answer(new Error("500"));
    await settle();
    expect(sent()).toBe("axb");
    recorder.asked[2]?.answer();
    await settle();
    expect(sent()).toBe("axbc");
    expect(done).toEqual(["a: 500", "b"]);
  });

  it("does not keep back what is told of an object while an earlier event is tried again", async () => {
    const { recorder, record } = newWorld({ atOnce: 3, waitedFor: 1, most: 9 });
    record("x", "cart");
    record("a", "shop");
    record("b", "shop");
    recorder.asked[1]?.answer(new Error("500"));
    await settle();
    expect(recorder.asked.map(({ message }) => message)).toEqual(["x", "a", "b"]);
  });

  it("sends one at a time in a storm, each with the time it is of", async () => {
    const { recorder, record, clock } = newWorld({ atOnce: 3, waitedFor: 2, most: 10 });
    for (const message of "abcdefgh") record(message);
    clock.after(5000, () => undefined);
    clock.fireNext(Infinity);
    const sent = (): string => recorder.asked.map(({ message }) => message).join("");
    expect(sent()).toBe("abc");
    for (const [at, expected] of ["abc", "abc", "abcd", "abcde", "abcdefgh"].entries()) {
      recorder.asked[at]?.answer();
      await settle();
      expect(sent()).toBe(expected);
    }
    expect(recorder.asked.map(({ atMs }) => atMs)).toEqual(Array(8).fill(0));
  });

  it("is quick again when the end is waited for", async () => {
    const { recorder, record, events } = newWorld({ atOnce: 3, waitedFor: 2, most: 10 });
    for (const message of "abcdefgh") record(message);
    recorder.asked[0]?.answer();
    await settle();
    expect(recorder.asked).toHaveLength(3);
    void events.told();
    expect(recorder.asked).toHaveLength(4);
  });

  it("waits again when too many are waiting: nothing is thrown away", async () => {
    const { recorder, record, done } = newWorld({ atOnce: 1, waitedFor: 1, most: 3 });
    for (const message of ["a", "b", "c", "d"]) record(message);
    await settle();
    expect(done).toEqual(["b", "c"]);
    for (let n = 0; n < 4; n += 1) {
      recorder.asked[n]?.answer();
      await settle();
    }
    expect(done).toEqual(["b", "c", "a", "d"]);
  });

  it("tries a trailing event again, then says what could not be stored", async () => {
    const { recorder, record, done, errors, events, clock } = newWorld({
      atOnce: 1,
      waitedFor: 0,
      most: 3,
    });
    record("a", "shop");
    await settle();
    expect(done).toEqual(["a"]);
    let isTold = false;
    void events.told().then(() => (isTold = true));
    for (let n = 0; n < 6; n += 1) {
      expect(errors).toEqual([]);
      recorder.asked[n]?.answer(new Error("the API server is away"));
      await settle();
      clock.fireNext(Infinity);
      await settle();
    }
    expect(recorder.asked).toHaveLength(6);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("the API server is away");
    expect(errors[0]).toContain("Rollout default/shop");
    expect(isTold).toBe(true);
  });

  it("has nothing to wait for when nothing was recorded", async () => {
    const { events } = newWorld({ atOnce: 1, waitedFor: 1, most: 3 });
    await expect(events.told()).resolves.toBeUndefined();
  });
});
