import { describe, expect, it } from "vitest";
import type { AnalysisArgument } from "../../api/argo/analysis.ts";
import { resolveArgs, secretKeysOf } from "./resolve.ts";
import { runOf } from "./transcript.test-support.ts";

const secretKeyRef = { name: "api", key: "token" };
const provider = {
  web: { url: "http://x/{{args.host}}", headers: [{ key: "auth", value: "{{ args.token }}" }] },
};
const args: readonly AnalysisArgument[] = [
  { name: "host", value: 'a"b' },
  { name: "token", valueFrom: { secretKeyRef } },
];
const run = runOf({ metrics: [{ name: "m", provider }], args });

describe("resolveArgs", () => {
  it("puts values and secrets in, escaped", () => {
    expect(resolveArgs(run, { api: { token: "s3cr3t" } })).toEqual({
      ok: true,
      metrics: [
        {
          name: "m",
          provider: { web: { url: 'http://x/a"b', headers: [{ key: "auth", value: "s3cr3t" }] } },
        },
      ],
      secretValues: ["s3cr3t"],
    });
  });

  it("has a placeholder before secrets are read", () => {
    const resolved = resolveArgs(run);
    expect(resolved.ok && JSON.stringify(resolved.metrics)).toContain("temp-for-secret");
    expect(secretKeysOf(run)).toEqual([secretKeyRef]);
  });

  it("does not read a secret over which a value was given", () => {
    const given = runOf({
      metrics: [],
      args: [{ name: "token", value: "x", valueFrom: { secretKeyRef } }],
    });
    expect(secretKeysOf(given)).toEqual([]);
  });

  it.each([
    [{}, 'secrets "api" not found'],
    [{ api: {} }, "key 'token' does not exist in secret 'api'"],
  ])("says what is missing: %j", (secrets, message) => {
    expect(resolveArgs(run, secrets)).toEqual({ ok: false, message });
  });
});
