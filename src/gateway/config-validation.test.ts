import { describe, expect, it } from "vitest";
import { validateGatewayConfig } from "./config-validation.ts";
import type { GatewayConfig } from "./config.ts";

const good: GatewayConfig = {
  generation: 3,
  listeners: [
    {
      name: "web",
      port: 8080,
      routes: [
        {
          name: "shop/web",
          hostnames: ["shop.example", "*.shop.example"],
          rules: [
            {
              matches: [
                {
                  path: { type: "PathPrefix", value: "/" },
                  method: "GET",
                  headers: [{ type: "RegularExpression", name: "x-canary", value: "^true$" }],
                  queryParams: [{ type: "Exact", name: "v", value: "2" }],
                },
              ],
              filters: [
                { kind: "requestHeaders", set: [{ name: "x-a", value: "1" }], remove: ["cookie"] },
                { kind: "mirror", backend: "shop/web-canary:80", percent: 12.5 },
              ],
              backends: [
                { backend: "shop/web:80", weight: 95 },
                { backend: "shop/web-canary:80", weight: 5 },
              ],
              timeouts: { requestMs: 1000 },
            },
          ],
        },
      ],
    },
  ],
  backends: [
    {
      name: "shop/web:80",
      endpoints: [{ host: "127.0.0.1", port: 1, pod: "shop/a", version: "" }],
    },
    { name: "shop/web-canary:80", endpoints: [] },
  ],
};

/** A deep copy of the good config with the value at one path replaced; undefined takes the field out. */
function changed(path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(good);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce((at, key) => (at as Record<string, unknown>)[key], copy) as Record<
    string,
    unknown
  >;
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return copy;
}

const rule = "listeners.0.routes.0.rules.0";
const [web] = good.listeners;
const [stable] = good.backends;

it("takes a good config as it is", () => {
  expect(validateGatewayConfig(structuredClone(good))).toEqual({ ok: true, config: good });
});

describe("says where, what and what to do", () => {
  it.each<[string, string, unknown, string]>([
    ["a negative generation", "generation", -1, "generation: use a whole number from 0"],
    ["a port too high", "listeners.0.port", 70000, "listeners[0].port: use a port from 0 to 65535"],
    ["endpoint port 0", "backends.0.endpoints.0.port", 0, "backends[0].endpoints[0].port: "],
    [
      "a misspelt field",
      `${rule}.backend`,
      [],
      'listeners[0].routes[0].rules[0]: unknown field "backend"; did you mean "backends"?',
    ],
    ["a missing field", "backends", undefined, "backends: "],
    [
      "a fractional weight",
      `${rule}.backends.0.weight`,
      1.5,
      "listeners[0].routes[0].rules[0].backends[0].weight: ",
    ],
    ["a negative weight", `${rule}.backends.0.weight`, -1, "weight: use a whole number from 0"],
    [
      "an unknown backend",
      `${rule}.backends.1.backend`,
      "shop/web-canari:80",
      'rules[0].backends[1].backend: there is no backend "shop/web-canari:80"; did you mean "shop/web-canary:80"?',
    ],
    [
      "an unknown mirror",
      `${rule}.filters.1.backend`,
      "x/y:1",
      'rules[0].filters[1].backend: there is no backend "x/y:1"; known are shop/web-canary:80, shop/web:80',
    ],
    [
      "a bad expression",
      `${rule}.matches.0.headers.0.value`,
      "(",
      "matches[0].headers[0].value: is not a valid regular expression",
    ],
    [
      "a path without slash",
      `${rule}.matches.0.path.value`,
      "a",
      "matches[0].path.value: must start with /",
    ],
    [
      "a framing header",
      `${rule}.filters.0.set.0.name`,
      "Content-Length",
      "filters[0].set[0].name: is a framing header",
    ],
    [
      "a header with a line break",
      `${rule}.filters.0.set.0.value`,
      "a\r\nb: c",
      "filters[0].set[0].value: ",
    ],
    [
      "a host in capitals",
      "listeners.0.routes.0.hostnames.0",
      "Shop",
      "hostnames[0]: is not a lower-case host name",
    ],
    [
      "two listeners of one name",
      "listeners",
      [web, { ...web, port: 1 }],
      'listeners: "web" appears more than once',
    ],
    [
      "two listeners of one port",
      "listeners",
      [web, { ...web, name: "b" }],
      'listeners: "127.0.0.1 port 8080" appears more than once',
    ],
    [
      "two backends of one name",
      "backends.2",
      stable,
      'backends: "shop/web:80" appears more than once',
    ],
    [
      "a mirror of 101 %",
      `${rule}.filters.1.percent`,
      101,
      "filters[1].percent: use a number from 0 to 100",
    ],
    ["a filter of no kind", `${rule}.filters.0`, { kind: "redirect" }, "filters[0].kind: "],
  ])("%s", (_name, path, value, sentence) => {
    const verdict = validateGatewayConfig(changed(path, value));
    expect(verdict.ok ? [] : verdict.errors.join("\n")).toContain(sentence);
  });

  it.each([[null], ["text"], [[]]])("%j is no config", (value) => {
    const verdict = validateGatewayConfig(value);
    expect(verdict.ok ? [] : verdict.errors).toHaveLength(1);
  });
});
