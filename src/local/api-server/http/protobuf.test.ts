import { describe, expect, it } from "vitest";
import { RequestProblem } from "../call.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { parseProtobuf } from "./protobuf.ts";

type Bytes = readonly number[];

function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

const number = (field: number, value: number): Bytes => [
  ...varint(BigInt(field << 3)),
  ...varint(BigInt(value)),
];
const bytes = (field: number, content: Bytes): Bytes => [
  ...varint(BigInt((field << 3) | 2)),
  ...varint(BigInt(content.length)),
  ...content,
];
const text = (field: number, value: string): Bytes => bytes(field, [...Buffer.from(value)]);
const message = (field: number, ...parts: readonly Bytes[]): Bytes => bytes(field, parts.flat());
const entry = (field: number, key: string, value: Bytes): Bytes =>
  message(field, text(1, key), value);

function envelope(apiVersion: string, kind: string, ...parts: readonly Bytes[]): Uint8Array {
  const typeMeta = message(1, text(1, apiVersion), text(2, kind));
  return Uint8Array.from([
    ...Buffer.from("k8s\0"),
    ...typeMeta,
    ...message(2, ...parts),
    ...text(3, ""),
    ...text(4, ""),
  ]);
}

const named = (name: string, ...more: readonly Bytes[]): Bytes =>
  message(1, text(1, name), text(2, ""), message(8), ...more);

describe("parseProtobuf", () => {
  it("reads texts, maps and bytes, and leaves zeros out", () => {
    const labels = entry(11, "a", text(2, "b"));
    const body = envelope(
      "v1",
      "Secret",
      named("s", labels),
      entry(2, "k", bytes(2, [1, 2, 255])),
      text(3, "Opaque"),
    );
    expect(parseProtobuf(body)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", labels: { a: "b" } },
      data: { k: "AQL/" },
      type: "Opaque",
    });
  });

  it("keeps a zero that was written on purpose, and no other", () => {
    const spec = message(
      2,
      number(1, 0),
      message(3, message(1), message(2, message(2, text(1, "c")))),
      message(4, text(1, "")),
      number(5, 0),
      number(7, 0),
    );
    expect(
      parseProtobuf(envelope("apps/v1", "Deployment", named("d"), spec, message(3, number(1, 0)))),
    ).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: { replicas: 0, template: { spec: { containers: [{ name: "c" }] } } },
    });
  });

  it("reads ports by number and name, probes, quantities and references as JSON has them", () => {
    const intPort = message(1, number(1, 0), number(2, 8080), text(3, ""));
    const probe = message(10, message(1, message(3, intPort, text(2, ""))), number(2, 5));
    const limits = message(8, entry(1, "cpu", message(2, text(1, "500m"))));
    const reference = message(
      7,
      text(1, "E"),
      text(2, ""),
      message(3, message(4, message(1, text(1, "s")), text(2, "k"))),
    );
    const container = message(
      2,
      text(1, "c"),
      probe,
      limits,
      reference,
      text(3, "run"),
      text(3, "it"),
    );
    const body = envelope("v1", "Pod", named("p"), message(2, container));
    expect(parseProtobuf(body)).toMatchObject({
      spec: {
        containers: [
          {
            name: "c",
            command: ["run", "it"],
            livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 5 },
            resources: { limits: { cpu: "500m" } },
            env: [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
          },
        ],
      },
    });
    const named8080 = message(4, number(1, 1), number(2, 0), text(3, "http"));
    const service = envelope(
      "v1",
      "Service",
      named("s"),
      message(2, message(1, number(3, 80), named8080)),
    );
    expect(parseProtobuf(service)).toMatchObject({
      spec: { ports: [{ port: 80, targetPort: "http" }] },
    });
  });

  it("reads times, negative numbers and what others own", () => {
    const managed = message(
      17,
      text(1, "me"),
      message(4, number(1, 1_767_225_600)),
      message(7, text(1, '{"f:data":{}}')),
    );
    const spec = message(
      2,
      text(1, "holder"),
      message(4, number(1, 1_767_225_600), number(2, 1_500_000)),
      number(5, -3),
    );
    expect(
      parseProtobuf(envelope("coordination.k8s.io/v1", "Lease", named("l", managed), spec)),
    ).toMatchObject({
      metadata: {
        managedFields: [
          { manager: "me", time: "2026-01-01T00:00:00Z", fieldsV1: { "f:data": {} } },
        ],
      },
      spec: {
        holderIdentity: "holder",
        renewTime: "2026-01-01T00:00:00.001500Z",
        leaseTransitions: -3,
      },
    });
  });

  it("refuses what it does not know instead of dropping it", () => {
    const withVolume = envelope("v1", "Pod", named("p"), message(2, message(1, text(1, "v"))));
    expect(() => parseProtobuf(withVolume)).toThrow(
      /field 1 of PodSpec, which is not read here; send it as application\/json/,
    );
    expect(() => parseProtobuf(envelope("v1", "Node", named("n")))).toThrow(/the kind Node/);
    expect(() => parseProtobuf(envelope("v1", "ObjectMeta", text(1, "n")))).toThrow(RequestProblem);
    const emptyUnknown = envelope("v1", "Namespace", named("n"), text(99, ""), number(98, 0));
    expect(parseProtobuf(emptyUnknown)).toMatchObject({ metadata: { name: "n" } });
  });

  const whole = [...envelope("v1", "ConfigMap", named("c"), entry(2, "a", text(2, "b")))];
  it.each([
    ["nothing but magic", whole.slice(0, 4)],
    ["other magic", [0, ...whole.slice(1)]],
    ["a cut body", whole.slice(0, -6)],
    ["a number without end", [...whole.slice(0, 4), ...Array.from({ length: 12 }, () => 0xff)]],
    ["a length beyond the end", [...whole.slice(0, 4), 0x12, 0x7f]],
    [
      "bytes that are no text",
      [...envelope("v1", "ConfigMap", message(1, bytes(1, [0xff, 0xfe])))],
    ],
    ["a number where a text belongs", [...envelope("v1", "ConfigMap", message(1, number(1, 5)))]],
  ])("refuses %s", (_name, content) => {
    let thrown: unknown;
    try {
      parseProtobuf(Uint8Array.from(content));
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof StoreError || thrown instanceof RequestProblem, String(thrown)).toBe(
      true,
    );
  });
});
