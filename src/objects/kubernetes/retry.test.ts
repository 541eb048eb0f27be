import { describe, expect, it } from "vitest";
import { waitBeforeRetry, type Failure } from "./retry.ts";

const patience = { retries: 3, random: () => 0.5 };
const none = { retries: 0, random: () => 0.5 };

function answer(code: number, retryAfter?: string): Failure {
  return { kind: "answer", code, retryAfter };
}

function connection(code: string): Failure {
  return { kind: "connection", code };
}

describe("a request that failed", () => {
  it.each([
    ["too many requests: as the server asks", answer(429, "3"), "POST", 1, none, 3000],
    ["too many requests, without a time", answer(429), "PATCH", 4, none, 1000],
    ["too many requests, again and again", answer(429, "1"), "GET", 5, patience, undefined],
    ["not ready, and it says when: a write", answer(503, "2"), "PUT", 1, patience, 2000],
    ["not ready: a read, after a growing time", answer(503), "GET", 1, patience, 75],
    ["… and a longer one", answer(500), "GET", 3, patience, 300],
    ["… but not for ever", answer(504), "GET", 4, patience, undefined],
    ["not ready: a write may have been done", answer(503), "POST", 1, patience, undefined],
    ["timed out: a write may have been done", answer(504), "PATCH", 1, patience, undefined],
    ["people want to know at once", answer(503), "GET", 1, none, undefined],
    ["refused: stays refused", answer(403), "GET", 1, patience, undefined],
    ["a conflict is the caller's", answer(409, "1"), "PUT", 1, patience, undefined],
    ["a kept connection was cut: a read at once", connection("UND_ERR_SOCKET"), "GET", 1, none, 0],
    ["… and later after a while", connection("ECONNRESET"), "GET", 2, patience, 150],
    ["cut: a write may have been done", connection("ECONNRESET"), "POST", 1, patience, undefined],
    ["nothing was sent: a write, too", connection("ECONNREFUSED"), "POST", 1, patience, 75],
    ["nothing listens: people want to know", connection("ECONNREFUSED"), "GET", 1, none, undefined],
  ] as const)("%s", (...row) => {
    const [, failure, method, tries, patient, waitMs] = row;
    expect(waitBeforeRetry(failure, { method }, tries, patient)).toBe(waitMs);
  });

  it("is the caller's to judge if it says so", () => {
    const request = { method: "POST", isAskedOnce: true } as const;
    expect(waitBeforeRetry(answer(429, "1"), request, 1, patience)).toBeUndefined();
  });
});
