// A certificate of our own for the loopback interface. kubectl sends a token over TLS only, so the
// API server needs one; it is its own authority, and the kubeconfig is the only thing to trust it.
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import type { EpochMs } from "../../../lib/time.ts";
import {
  bits,
  boolean,
  integer,
  octets,
  oid,
  retagged,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from "./der.ts";

export interface ServerIdentity {
  readonly keyPem: string;
  readonly certificatePem: string;
}

const dayMs = 86_400_000;
const validForMs = 3650 * dayMs;
const renewBeforeMs = 30 * dayMs;

const ids = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

/** The 16 bytes of an IPv6 address as written, `::1` included. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail] = address.split("::");
  const words = (part: string): readonly number[] =>
    part === "" ? [] : part.split(":").map((word) => parseInt(word, 16));
  const before = words(head);
  const after = words(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from(
    [...before, ...zeros, ...after].flatMap((word) => [word >> 8, word & 0xff]),
  );
}

function alternativeName(host: string): Uint8Array {
  switch (isIP(host)) {
    case 4:
      return retagged(7, Uint8Array.from(host.split(".").map(Number)));
    case 6:
      return retagged(7, ipv6Bytes(host));
    default:
      return retagged(2, Buffer.from(host));
  }
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value));
}

function extensions(hosts: readonly string[]): Uint8Array {
  const digitalSignatureAndCertificateSign = Uint8Array.of(0b1000_0100);
  return sequence(
    extension(ids.basicConstraints, true, sequence(boolean(true))),
    extension(ids.keyUsage, true, bits(digitalSignatureAndCertificateSign, 2)),
    extension(ids.extendedKeyUsage, false, sequence(oid(ids.serverAuthentication))),
    extension(
      ids.subjectAlternativeName,
      false,
      sequence(...hosts.map((host) => alternativeName(host))),
    ),
  );
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** A new key and a certificate for these names and addresses, valid for ten years. */
export function newIdentity(hosts: readonly string[], nowMs: EpochMs): ServerIdentity {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid(ids.ecdsaWithSha256));
  const serial = randomBytes(16);
  // Told apart by serial number: a client that remembers an older one must not mix them up.
  const name = sequence(
    set(sequence(oid(ids.commonName), utf8(`haldane ${serial.toString("hex").slice(0, 8)}`))),
  );
  const body = sequence(
    tagged(0, integer(Uint8Array.of(2))),
    integer(Uint8Array.from([0x40 | ((serial[0] ?? 0) & 0x3f), ...serial.subarray(1)])),
    algorithm,
    name,
    sequence(time(nowMs - dayMs), time(nowMs + validForMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, extensions(hosts)),
  );
  const certificate = sequence(body, algorithm, bits(sign("sha256", body, privateKey)));
  return {
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificatePem: pem(certificate),
  };
}

function covers(certificate: X509Certificate, host: string): boolean {
  const match = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return match !== undefined;
}

/** Whether a stored identity can go on serving these hosts: same key, names covered, weeks left. */
export function isUsable(
  identity: ServerIdentity,
  hosts: readonly string[],
  nowMs: EpochMs,
): boolean {
  try {
    const certificate = new X509Certificate(identity.certificatePem);
    return (
      certificate.checkPrivateKey(createPrivateKey(identity.keyPem)) &&
      Date.parse(certificate.validFrom) <= nowMs &&
      Date.parse(certificate.validTo) - renewBeforeMs > nowMs &&
      hosts.every((host) => covers(certificate, host))
    );
  } catch {
    // Unreadable is as good as absent: a new one takes its place, and the kubeconfig is written anew.
    return false;
  }
}
