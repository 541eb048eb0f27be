import { X509Certificate } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { isUsable, newIdentity } from "./certificate.ts";

const hosts = ["localhost", "127.0.0.1", "::1", "haldane.example.com", "2001:db8::7:1"];
const dayMs = 86_400_000;
const nowMs = Date.now();

describe("the certificate", () => {
  const identity = newIdentity(hosts, nowMs);
  const certificate = new X509Certificate(identity.certificatePem);

  it("is what openssl reads", () => {
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe(
      "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:haldane.example.com, IP Address:2001:DB8:0:0:0:0:7:1",
    );
    expect(Math.round((Date.parse(certificate.validTo) - nowMs) / dayMs)).toBe(3650);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(nowMs);
  });

  it("has a serial number of its own", () => {
    const other = new X509Certificate(newIdentity(hosts, nowMs).certificatePem);
    expect(other.serialNumber).not.toBe(certificate.serialNumber);
  });

  it("is writable beyond 2049, when the form of times changes", () => {
    const late = new X509Certificate(
      newIdentity(["localhost"], Date.UTC(2045, 0, 1)).certificatePem,
    );
    expect(late.validTo).toContain("2054");
  });

  it.each([
    ["the same hosts", hosts, nowMs, true],
    ["fewer hosts", ["localhost"], nowMs, true],
    ["another host", ["localhost", "other.example"], nowMs, false],
    ["another address", ["127.0.0.2"], nowMs, false],
    ["its last month", hosts, nowMs + 3625 * dayMs, false],
    ["a clock set back by a week", hosts, nowMs - 7 * dayMs, false],
  ])("is usable for %s: %#", (_name, wanted, atMs, expected) => {
    expect(isUsable(identity, wanted, atMs)).toBe(expected);
  });

  it("is not usable with another key, or when it cannot be read", () => {
    const { keyPem } = newIdentity(hosts, nowMs);
    expect(isUsable({ ...identity, keyPem }, hosts, nowMs)).toBe(false);
    expect(isUsable({ keyPem: "", certificatePem: "" }, hosts, nowMs)).toBe(false);
  });

  it("is trusted by a client that knows nothing else, by address and by name", async () => {
    const server = createServer(
      { key: identity.keyPem, cert: identity.certificatePem },
      (_request, response) => response.end("yes"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const dispatcher = new Agent({ connect: { ca: identity.certificatePem } });
    const { port } = server.address() as AddressInfo;
    try {
      for (const host of ["127.0.0.1", "localhost"]) {
        const { body } = await request(`https://${host}:${port}/`, { dispatcher });
        expect(await body.text()).toBe("yes");
      }
    } finally {
      await dispatcher.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
