import { expect, it } from "vitest";
import { followRows } from "./rows.ts";

const header = ["NAME", "STATUS", "AGE"];

it("prints the header once, then only rows that read differently, ages aside", () => {
  const lines: string[] = [];
  const follower = followRows((line) => lines.push(line), ["AGE"]);
  follower.show(header, []);
  expect(lines).toEqual([]);
  follower.show(header, [
    { key: "a", cells: ["a", "Paused", "1s"] },
    { key: "b", cells: ["b", "Healthy", "1s"] },
  ]);
  follower.show(header, [
    { key: "a", cells: ["a", "Paused", "2s"] },
    { key: "b", cells: ["b", "Healthy", "2s"] },
  ]);
  follower.show(header, [
    { key: "a", cells: ["a", "Progressing", "3s"] },
    { key: "b", cells: ["b", "Healthy", "3s"] },
  ]);
  follower.show(header, [{ key: "b", cells: ["b", "Paused", "4s"] }]);
  expect(lines).toEqual([
    "NAME  STATUS   AGE",
    "a     Paused   1s",
    "b     Healthy  1s",
    "a     Progressing  3s",
    "b     Paused       4s",
  ]);
});
