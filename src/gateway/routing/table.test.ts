import { describe, expect, it } from "vitest";
import type { Match, Route } from "../config.ts";
import { hostOf } from "./hostname.ts";
import type { RequestFacts } from "./match.ts";
import { RoutingTable } from "./table.ts";

const facts = (parts: Partial<RequestFacts>): RequestFacts => ({
  host: "shop.example",
  path: "/",
  query: "",
  method: "GET",
  headers: {},
  ...parts,
});

/** One rule per match, named by its position; the answer is the position that wins. */
function winner(matches: readonly Match[], request: Partial<RequestFacts>): number | undefined {
  const route: Route = {
    name: "r",
    rules: matches.map((match) => ({ matches: [match], backends: [] })),
  };
  return new RoutingTable([route], (_route, _rule, index) => index).find(facts(request));
}

const exact = (value: string): Match => ({ path: { type: "Exact", value } });
const prefix = (value: string): Match => ({ path: { type: "PathPrefix", value } });
const regex = (value: string): Match => ({ path: { type: "RegularExpression", value } });
const header = (
  name: string,
  value: string,
  type: "Exact" | "Prefix" | "RegularExpression" = "Exact",
): Match => ({
  headers: [{ type, name, value }],
});

describe("precedence", () => {
  it.each<[string, readonly Match[], Partial<RequestFacts>, number | undefined]>([
    ["exact beats prefix", [prefix("/a"), exact("/a")], { path: "/a" }, 1],
    ["exact beats expression", [regex("/.*"), exact("/a")], { path: "/a" }, 1],
    ["expression beats prefix", [prefix("/a"), regex("/a.*")], { path: "/abc" }, 1],
    ["longest prefix", [prefix("/"), prefix("/a/b"), prefix("/a")], { path: "/a/b/c" }, 1],
    ["prefix ends at an element", [prefix("/a")], { path: "/ab" }, undefined],
    ["prefix covers itself", [prefix("/a")], { path: "/a" }, 0],
    ["prefix with a closing slash is the same", [prefix("/a/")], { path: "/a" }, 0],
    ["a longer prefix beats a method", [{ method: "GET" }, prefix("/a")], { path: "/a" }, 1],
    ["method beats headers", [header("x", "1"), { method: "GET" }], { headers: { x: "1" } }, 1],
    [
      "most headers",
      [
        header("x", "1"),
        { headers: [...(header("x", "1").headers ?? []), ...(header("y", "2").headers ?? [])] },
      ],
      { headers: { x: "1", y: "2" } },
      1,
    ],
    [
      "headers beat query parameters",
      [{ queryParams: [{ type: "Exact", name: "q", value: "1" }] }, header("x", "1")],
      { query: "q=1", headers: { x: "1" } },
      1,
    ],
    ["first rule among equals", [prefix("/a"), prefix("/a")], { path: "/a" }, 0],
    ["a rule that does not hold is passed over", [exact("/a"), prefix("/")], { path: "/b" }, 1],
    ["an expression must match all of the path", [regex("/a")], { path: "/a/b" }, undefined],
    ["no match matches all", [{}], { path: "/anything", method: "PUT" }, 0],
    ["the wrong method", [{ method: "POST" }], {}, undefined],
  ])("%s", (_name, matches, request, expected) => {
    expect(winner(matches, request)).toBe(expected);
  });
});

describe("header and query matches", () => {
  it.each<[string, Match, Partial<RequestFacts>, boolean]>([
    ["exact", header("X-Canary", "true"), { headers: { "x-canary": "true" } }, true],
    [
      "exact is case-sensitive",
      header("x-canary", "true"),
      { headers: { "x-canary": "True" } },
      false,
    ],
    ["absent", header("x-canary", ".*", "RegularExpression"), {}, false],
    [
      "prefix",
      header("user-agent", "Mozilla", "Prefix"),
      { headers: { "user-agent": "Mozilla/5" } },
      true,
    ],
    [
      "not the prefix",
      header("user-agent", "Mozilla", "Prefix"),
      { headers: { "user-agent": "curl" } },
      false,
    ],
    [
      "expression on the whole value",
      header("x", "a|b", "RegularExpression"),
      { headers: { x: "ab" } },
      false,
    ],
    ["expression", header("x", "a|b", "RegularExpression"), { headers: { x: "b" } }, true],
    [
      "query",
      { queryParams: [{ type: "Exact", name: "v", value: "a b" }] },
      { query: "u=1&v=a%20b" },
      true,
    ],
    [
      "query absent",
      { queryParams: [{ type: "RegularExpression", name: "v", value: ".*" }] },
      { query: "u=1" },
      false,
    ],
  ])("%s", (_name, match, request, holds) => {
    expect(winner([match], request)).toBe(holds ? 0 : undefined);
  });
});

describe("host names", () => {
  const table = new RoutingTable(
    [
      { name: "any", rules: [{ backends: [] }] },
      {
        name: "wild",
        hostnames: ["*.example"],
        rules: [{ matches: [exact("/x"), prefix("/w")], backends: [] }],
      },
      { name: "wilder", hostnames: ["*.shop.example"], rules: [{ backends: [] }] },
      {
        name: "one",
        hostnames: ["shop.example"],
        rules: [{ matches: [prefix("/only")], backends: [] }],
      },
    ],
    (route) => route.name,
  );

  it.each([
    ["shop.example", "/only", "one"],
    // A more specific host whose rules do not hold leaves the request to the wider ones.
    ["shop.example", "/x", "wild"],
    ["shop.example", "/", "any"],
    ["a.shop.example", "/x", "wilder"],
    ["other.example", "/w/1", "wild"],
    ["example", "/x", "any"],
    ["elsewhere", "/only", "any"],
    ["", "/", "any"],
  ])("%s%s → %s", (host, path, expected) => {
    expect(table.find(facts({ host, path }))).toBe(expected);
  });

  it.each([
    ["Shop.Example:8080", "shop.example"],
    ["shop.example.", "shop.example"],
    ["[::1]:80", "::1"],
    ["[::1]", "::1"],
    ["127.0.0.1:", "127.0.0.1"],
    [undefined, ""],
  ])("the host of %s is %s", (authority, host) => {
    expect(hostOf(authority)).toBe(host);
  });
});
