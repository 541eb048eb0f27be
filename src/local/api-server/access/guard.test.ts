import { describe, expect, it } from "vitest";
import { RequestProblem } from "../call.ts";
import { createGuard, type Credentials } from "./guard.ts";

const token = "ab".repeat(32);
const guard = createGuard({ token, port: 6443, allowedHosts: ["Haldane.example.com"] });
const good: Credentials = {
  host: "127.0.0.1:6443",
  origin: undefined,
  authorization: `Bearer ${token}`,
};

function statusOf(credentials: Partial<Credentials>, path = "/api"): number {
  try {
    guard({ ...good, ...credentials }, path);
    return 200;
  } catch (error) {
    if (error instanceof RequestProblem) return error.status;
    throw error;
  }
}

describe("the guard", () => {
  it.each<[string, Partial<Credentials>, number]>([
    ["everything right", {}, 200],
    ["localhost", { host: "localhost:6443" }, 200],
    ["IPv6", { host: "[::1]:6443" }, 200],
    ["a configured name", { host: "haldane.example.com:6443" }, 200],
    ["a foreign name (rebinding)", { host: "evil.example:6443" }, 403],
    ["another port", { host: "127.0.0.1:80" }, 403],
    ["no port", { host: "127.0.0.1" }, 403],
    ["no Host at all", { host: undefined }, 403],
    ["a foreign origin", { origin: "https://evil.example" }, 403],
    ["the null origin", { origin: "null" }, 403],
    ["its own origin", { origin: "https://localhost:6443" }, 200],
    ["no token", { authorization: undefined }, 401],
    ["a wrong token", { authorization: `Bearer ${"cd".repeat(32)}` }, 401],
    ["half a token", { authorization: `Bearer ${token.slice(0, 32)}` }, 401],
    ["another scheme", { authorization: `Basic ${token}` }, 401],
    ["the scheme in small letters", { authorization: `bearer ${token}` }, 200],
  ])("%s", (_name, credentials, expected) => expect(statusOf(credentials)).toBe(expected));

  it("lets anyone on this machine ask for health, but nobody from elsewhere", () => {
    expect(statusOf({ authorization: undefined }, "/readyz")).toBe(200);
    expect(statusOf({ authorization: undefined, host: "evil.example" }, "/readyz")).toBe(403);
  });

  it("refuses a foreign Host before it looks at the token", () => {
    expect(statusOf({ host: "evil.example:6443", authorization: undefined })).toBe(403);
  });
});
