import { expect, it } from "vitest";
import { signedHeaders } from "./sigv4.ts";

const keys = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: undefined,
  region: "us-east-1",
  service: "service",
  now: Date.parse("2015-08-30T12:36:00Z"),
};

it("signs Amazon's published example (get-vanilla-query-order-key-case)", () => {
  const url = "https://example.amazonaws.com/?Param2=value2&Param1=value1";
  expect(signedHeaders({ method: "GET", url, headers: {} }, keys)["authorization"]).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  );
});

it("signs Amazon's published example with a form (post-x-www-form-urlencoded)", () => {
  const request = {
    method: "POST",
    url: "https://example.amazonaws.com/",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "Param1=value1",
  };
  expect(signedHeaders(request, keys)["authorization"]).toMatch(
    /SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a$/,
  );
});

it("parameters are in the order of their names, whatever follows them: a=1&a-b=2", () => {
  const url = "https://example.amazonaws.com/?a-b=2&a=1";
  expect(signedHeaders({ method: "GET", url, headers: {} }, keys)["authorization"]).toMatch(
    /Signature=321dff75bd2a219c1b95fc5dbc497343614dbe8f73319c9d9c415bca43078ce2$/,
  );
});

it("an empty session token is none", () => {
  const signed = signedHeaders(
    { method: "GET", url: "https://x/", headers: {} },
    { ...keys, sessionToken: "" },
  );
  expect(Object.keys(signed).sort()).toEqual(["authorization", "x-amz-date"]);
});
