// A target with native histograms, which Prometheus scrapes only as protobuf: the numbers of fields are
// those of io.prometheus.client's metrics.proto.
import { createServer } from "node:http";
import { field, message, varint } from "../../src/local/api-server/http/protobuf-fields.ts";
import { listening, type Listening } from "./shop.ts";

const fixed64 = 1;

/** One field of type uint32, uint64 or an enum. */
function wholeField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** One field of type sint32 or sint64. */
function signedField(number: number, value: number): Buffer {
  return wholeField(number, value < 0 ? -2 * value - 1 : 2 * value);
}

/** One field of type double. */
function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(number * 8 + fixed64), bytes]);
}

const histogramType = 4;
/** Of schema 0: bucket i is (2^(i-1), 2^i] seconds. */
const fastBucket = -4; // 31 to 62 ms
const slowBucket = -1; // 250 to 500 ms

function label(name: string, value: string): Buffer {
  return field(1, message(field(1, name), field(2, value)));
}

/** A bucket of its own span: counts are differences from the bucket before. */
function buckets(counts: readonly (readonly [index: number, count: number])[]): readonly Buffer[] {
  let next = 0;
  let before = 0;
  return counts.flatMap(([index, count]) => {
    const span = field(12, message(signedField(1, index - next), wholeField(2, 1)));
    const delta = signedField(13, count - before);
    next = index + 1;
    before = count;
    return [span, delta];
  });
}

function metric(version: string, fast: number, slow: number): Buffer {
  const counted =
    slow === 0
      ? [[fastBucket, fast] as const]
      : ([
          [fastBucket, fast],
          [slowBucket, slow],
        ] as const);
  const histogram = message(
    wholeField(1, fast + slow),
    doubleField(2, fast * 0.04 + slow * 0.4),
    signedField(5, 0),
    doubleField(6, 1e-128),
    wholeField(7, 0),
    ...buckets(counted),
  );
  return field(4, message(label("version", version), field(7, histogram)));
}

/** Ten requests of each version with every scrape; half of v2's are slow. */
export async function startNativeShop(): Promise<Listening> {
  let requests = 0;
  return listening(
    createServer((_, response) => {
      requests += 10;
      const family = message(
        field(1, "shop_native_seconds"),
        field(2, "how long requests took"),
        wholeField(3, histogramType),
        metric("v1", requests, 0),
        metric("v2", requests / 2, requests / 2),
      );
      const type =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
      response.writeHead(200, { "content-type": type });
      response.end(Buffer.concat([varint(family.length), family]));
    }),
  );
}
