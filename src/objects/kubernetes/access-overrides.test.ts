import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { overrideAccess, type AccessOverrides } from "./access-overrides.ts";
import { accessTo } from "./api-server.test-support.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "haldane-overrides-"));

afterAll(() => rmSync(folder, { recursive: true }));

const none: AccessOverrides = {
  server: undefined,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  serverName: undefined,
  isVerified: undefined,
  token: undefined,
  username: undefined,
  password: undefined,
  impersonate: { user: undefined, uid: undefined, groups: [] },
};

describe("flags in place of a kubeconfig", () => {
  it("that are not given leave it as it is", () => {
    const access = accessTo(1234);
    expect(overrideAccess(access, none)).toEqual(access);
  });

  it("take the place of what it says", () => {
    const caFile = path.join(folder, "ca.crt");
    writeFileSync(caFile, "authority");
    const impersonate = { user: "jane", uid: "7", groups: ["a", "b"] };
    const changed = overrideAccess(accessTo(1234), {
      ...none,
      caFile,
      impersonate,
      server: "https://api.example.com/",
      serverName: "api",
      isVerified: false,
      token: "secret",
    });
    expect(changed).toMatchObject({
      server: "https://api.example.com",
      credentials: { kind: "token", token: "secret" },
      tls: { ca: "authority", serverName: "api", isVerified: false },
      impersonate: {
        "impersonate-user": "jane",
        "impersonate-uid": "7",
        "impersonate-group": ["a", "b"],
      },
    });
  });

  it("name a server where there is no kubeconfig; without one there is nothing to talk to", () => {
    const basic = { ...none, server: "https://x", username: "u", password: "p" };
    expect(overrideAccess(undefined, basic)).toMatchObject({
      server: "https://x",
      credentials: { kind: "basic", username: "u", password: "p" },
    });
    expect(overrideAccess(undefined, { ...none, token: "t" })).toBeUndefined();
  });

  it("that name a file which is not there say which", () => {
    expect(() => overrideAccess(accessTo(1), { ...none, caFile: "/none/ca.crt" })).toThrow(
      "cannot read certificate authority /none/ca.crt",
    );
  });
});
