import { expect, it } from "vitest";
import { StoreError } from "../../objects/object-store.ts";
import { lastRead } from "./last-read.ts";

const gone = new StoreError("ServiceUnavailable", "nothing listens there");

function answers(...given: readonly (string | Error)[]): () => Promise<string> {
  const left = [...given];
  return async () => {
    const next = left.shift();
    if (typeof next !== "string") throw next ?? new Error("asked too often");
    return next;
  };
}

it("asks the server only when there is news", async () => {
  const look = lastRead(answers("a", "b"));
  const seen = [await look(true), await look(false), await look(true), await look(false)];
  expect(seen.map(({ value }) => value)).toEqual(["a", "a", "b", "b"]);
});

it("goes on with what it has while the server cannot be asked, and asks again without news", async () => {
  const look = lastRead(answers("a", gone, gone, "b"));
  const seen = [await look(true), await look(true), await look(false), await look(false)];
  expect(seen).toEqual([
    { value: "a", isOld: false },
    { value: "a", isOld: true },
    { value: "a", isOld: true },
    { value: "b", isOld: false },
  ]);
});

it("gives up after as many failures in a row as it may have", async () => {
  const look = lastRead(answers("a", gone, gone, "b", gone, gone, gone), 2);
  for (let times = 0; times < 6; times += 1) await look(true);
  await expect(look(true)).rejects.toThrow("nothing listens there");
});

it("fails when nothing was ever read, and when the answer is no", async () => {
  await expect(lastRead(answers(gone))(true)).rejects.toThrow("nothing listens there");
  const look = lastRead(answers("a", new StoreError("NotFound", "not found")));
  await look(true);
  await expect(look(true)).rejects.toThrow("not found");
});
