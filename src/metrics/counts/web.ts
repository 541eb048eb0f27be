// Counts from any HTTP endpoint that answers with ticks, in the shape the judge takes them:
//   { "ticks": [ { "from": "2026-11-21T10:00:00Z", "to": "2026-11-21T10:00:15Z",
//                  "requests": { "canary": 210, "stable": 4120 },
//                  "samples": { "errors": { "canary": { "total": 210, "count": 14 },
//                                           "stable": { "total": 4120, "count": 9 } } } } ] }
// Times are RFC 3339 texts or milliseconds; samples stand under the names of the judge's metrics: { total, count } for
// errors and count, { buckets } for latency, { values, sum } for mean, { level } for slope. `requests` and
// `canaryShare` may be left out. ${canary}, ${stable}, ${since} and ${until} in the URL are filled in.
import type { BothSamples, Sample, Tick } from "../../core/judge/sequential/tick.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  parseJson,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { JsonPlace } from "../../lib/json-place.ts";
import { redactorOf } from "../../lib/redact.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { exchange } from "../../runtime/http-exchange.ts";
import { errorText } from "../../runtime/log.ts";
import { headersOf, isHttpAddress } from "../http-config.ts";
import { bearerToken, oauth2Of, type OAuth2Config } from "../http-oauth2.ts";
import { statusProblem } from "../http-status.ts";
import { ProviderError } from "../provider.ts";
import type { CountedMetric, CountsAnswer, CountsQuestion, CountsSource } from "./counts.ts";

export interface WebCounts {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly oauth2: OAuth2Config | undefined;
  readonly metrics: readonly CountedMetric[];
}

const fields = ["url", "headers", "timeoutSeconds", "insecure", "authentication"];

/** Throws a ProviderError that names every field that is not usable; `where` is the configuration's place. */
export function webCountsOf(
  config: JsonObject,
  where: string,
  metrics: readonly CountedMetric[],
): WebCounts {
  const problems: string[] = [];
  const place = new JsonPlace(config, "", problems);
  place.refuseUnknown(fields);
  const url = place.requiredText("url");
  if (url !== "" && !isHttpAddress(url.replaceAll(/\$\{\w+\}/g, "x"))) {
    place.refuse("url", "must be an http or https address");
  }
  const timeoutMs = place.number("timeoutSeconds", 10, 0.001, 600) * 1000;
  const insecure = place.flag("insecure", false);
  if (problems.length > 0) throw new ProviderError(`${where}: ${problems.join("; ")}`);
  const oauth2 = oauth2Of(ownProperty(config, "authentication"));
  return { url, headers: headersOf(config), timeoutMs, insecure, oauth2, metrics };
}

/** Something that is no tick; its text says which and why. */
class UnreadableTick extends Error {
  override readonly name = "UnreadableTick";
}

function timeAt(tick: JsonObject, key: "from" | "to"): EpochMs {
  const value = ownProperty(tick, key);
  const atMs = typeof value === "string" ? parseTime(value) : value;
  if (typeof atMs === "number" && Number.isFinite(atMs)) return atMs;
  throw new UnreadableTick(`${key} is neither an RFC 3339 time nor milliseconds`);
}

const fieldsOf: Readonly<Record<CountedMetric["kind"], readonly string[]>> = {
  errors: ["total", "count"],
  count: ["total", "count"],
  latency: ["buckets"],
  mean: ["values", "sum"],
  slope: ["level"],
};

function isSample(json: Json | undefined, kind: CountedMetric["kind"]): boolean {
  if (!isJsonObject(json)) return false;
  return fieldsOf[kind].every((key) => {
    const value = ownProperty(json, key);
    if (key !== "buckets") return typeof value === "number";
    return isJsonArray(value) && value.every((one) => typeof one === "number");
  });
}

function bothOf(samples: JsonObject, { name, kind }: CountedMetric): BothSamples | undefined {
  const both = ownProperty(samples, name);
  if (!isJsonObject(both)) return undefined;
  const [canary, stable] = [ownProperty(both, "canary"), ownProperty(both, "stable")];
  if (canary === undefined || stable === undefined) return undefined;
  if (!isSample(canary, kind) || !isSample(stable, kind)) {
    throw new UnreadableTick(`samples.${name} needs ${fieldsOf[kind].join(" and ")} (${kind})`);
  }
  // Checked just now; whether the numbers can be true is the judge's to say.
  return { canary: canary as unknown as Sample, stable: stable as unknown as Sample };
}

function pairAt(tick: JsonObject, key: "requests"): Tick["requests"] {
  const pair = ownProperty(tick, key) ?? undefined;
  if (pair === undefined) return undefined;
  const [canary, stable] = isJsonObject(pair) ? [pair["canary"], pair["stable"]] : [];
  if (typeof canary === "number" && typeof stable === "number") return { canary, stable };
  throw new UnreadableTick(`${key} must be { canary, stable }, two numbers`);
}

function shareAt(tick: JsonObject): number | undefined {
  const share = ownProperty(tick, "canaryShare") ?? undefined;
  if (share === undefined || (typeof share === "number" && share >= 0 && share <= 1)) return share;
  throw new UnreadableTick("canaryShare must be a number from 0 to 1");
}

function tickOf(json: Json, metrics: readonly CountedMetric[]): Tick {
  if (!isJsonObject(json)) throw new UnreadableTick("is no object");
  const samples = ownProperty(json, "samples");
  const known = isJsonObject(samples) ? samples : {};
  const entries = metrics.flatMap((metric): [string, BothSamples][] => {
    const both = bothOf(known, metric);
    return both === undefined ? [] : [[metric.name, both]];
  });
  const [fromMs, toMs] = [timeAt(json, "from"), timeAt(json, "to")];
  if (toMs <= fromMs) throw new UnreadableTick("to must be after from");
  const [requests, canaryShare] = [pairAt(json, "requests"), shareAt(json)];
  return {
    fromMs,
    toMs,
    ...(requests === undefined ? {} : { requests }),
    ...(canaryShare === undefined ? {} : { canaryShare }),
    samples: Object.fromEntries(entries),
  };
}

/** The ticks of an answer that the question wants. Throws an UnreadableTick. */
function ticksIn(
  text: string,
  metrics: readonly CountedMetric[],
  { sinceMs, now }: CountsQuestion,
): readonly Tick[] {
  const json = parseJson(text);
  if (!json.ok) throw new UnreadableTick(`the answer is no JSON: ${json.problem}`);
  const list = isJsonObject(json.value) ? ownProperty(json.value, "ticks") : undefined;
  if (!isJsonArray(list)) throw new UnreadableTick('the answer must be { "ticks": [ … ] }');
  const all = list.map((one, index) => {
    try {
      return tickOf(one, metrics);
    } catch (error) {
      throw new UnreadableTick(`ticks[${index}]: ${errorText(error)}`, { cause: error });
    }
  });
  const wanted = all.filter(({ fromMs, toMs }) => fromMs >= sinceMs && toMs <= now);
  const inOrder = wanted.sort((a, b) => a.fromMs - b.fromMs);
  const isSeparate = inOrder.every(
    ({ fromMs }, index) => (inOrder[index - 1]?.toMs ?? 0) <= fromMs,
  );
  if (!isSeparate) throw new UnreadableTick("ticks overlap");
  return inOrder;
}

class WebCountsSource implements CountsSource {
  readonly #config: WebCounts;

  constructor(config: WebCounts) {
    this.#config = config;
  }

  async count(question: CountsQuestion): Promise<CountsAnswer> {
    let secrets: readonly string[] = [];
    try {
      const { oauth2, timeoutMs, insecure, headers, metrics } = this.#config;
      const transport = { timeoutMs, insecure, signal: question.signal };
      const token = oauth2 === undefined ? "" : await bearerToken(oauth2, transport);
      if (token !== "") secrets = [token];
      const signedIn = token === "" ? headers : { authorization: `Bearer ${token}`, ...headers };
      const url = this.#urlFor(question);
      const answer = await exchange({ method: "GET", url, headers: signedIn, ...transport });
      const problem = statusProblem(answer);
      if (problem !== undefined) throw new Error(problem);
      return { ticks: ticksIn(answer.text, metrics, question) };
    } catch (error) {
      return { ticks: [], problem: redactorOf(secrets).message(errorText(error)) };
    }
  }

  #urlFor({ versions, sinceMs, now }: CountsQuestion): string {
    const values: Readonly<Record<string, string>> = {
      ...versions,
      since: formatTime(sinceMs),
      until: formatTime(now),
    };
    return this.#config.url.replaceAll(/\$\{(\w+)\}/g, (written, name: string) =>
      Object.hasOwn(values, name) ? encodeURIComponent(values[name] ?? "") : written,
    );
  }
}

export function webCounts(config: WebCounts): CountsSource {
  return new WebCountsSource(config);
}
