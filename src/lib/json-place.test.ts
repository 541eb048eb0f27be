import { expect, it } from "vitest";
import { JsonPlace } from "./json-place.ts";

function read(object: object) {
  const problems: string[] = [];
  return { place: new JsonPlace(object as never, "spec", problems), problems };
}

it("reads what is there, and what is used where nothing is", () => {
  const { place, problems } = read({
    a: "x",
    n: 2,
    on: true,
    list: ["p"],
    in: { b: "y" },
    no: null,
  });
  expect([place.text("a"), place.text("z"), place.text("no")]).toEqual(["x", "", ""]);
  expect([place.number("n", 7, 0), place.number("z", 7, 0)]).toEqual([2, 7]);
  expect([place.flag("on", false), place.flag("z", true)]).toEqual([true, true]);
  expect([place.texts("list"), place.at("in").text("b"), place.each("z")]).toEqual([
    ["p"],
    "y",
    [],
  ]);
  expect(place.keys).toEqual(["a", "n", "on", "list", "in"]);
  expect(problems).toEqual([]);
});

it("says all that is wrong, and where", () => {
  const { place, problems } = read({
    a: 1,
    n: -1,
    on: "yes",
    list: [{ mod: "fats" }, 3],
    other: {},
  });
  place.text("a");
  place.number("n", 0, 0, 1);
  place.flag("on", false);
  for (const item of place.each("list")) item.oneOf("mod", ["fast", "slow"], "fast");
  place.requiredText("name");
  place.refuseUnknown(["a", "n", "on", "lists"]);
  place.refuseMisspelt(["a", "n", "on", "lists"]);
  expect(problems).toEqual([
    "spec.a: must be a text, not 1",
    "spec.n: must be a number from 0 to 1, not -1",
    'spec.on: must be true or false, not "yes"',
    "spec.list[1]: must be an object, not 3",
    'spec.list[0].mod: must be one of fast, slow (did you mean fast?), not "fats"',
    "spec.name: is missing",
    "spec.list: is not known; did you mean lists? (known: a, n, on, lists)",
    "spec.other: is not known (known: a, n, on, lists)",
    "spec.list: is not known; did you mean lists?",
  ]);
});

it("does not take inherited names for fields", () => {
  const { place } = read({});
  expect(place.get("constructor")).toBeUndefined();
});
