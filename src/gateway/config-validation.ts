// Turns unknown JSON into a GatewayConfig or into sentences that say where, what, and what to do.
import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { headerMatchTypes, pathMatchTypes, queryParamMatchTypes } from "./config.ts";
import type { GatewayConfig, Listener, Rule } from "./config.ts";

/** Fields that carry the framing of a message; a filter that wrote them could split one request into two. */
const framingHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const hostname =
  /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/u;
const printable = /^[\t\x20-\x7e\x80-\xff]*$/u;

const name = z.string().min(1, "is empty; give it a name");
const portNumber = (lowest: number) =>
  z
    .int()
    .min(lowest)
    .max(65_535, `use a port from ${String(lowest)} to 65535`);
const headerName = z.string().regex(token, "is not a header name; use letters, digits and -");
const headerValue = z.string().regex(printable, "holds characters a header cannot carry");
const valueMatch = (value: { readonly type: string; readonly value: string }): boolean =>
  value.type !== "RegularExpression" || problemOfPattern(value.value) === undefined;
const patternHelp = { error: "is not a valid regular expression", path: ["value"] };

const pathMatch = z
  .strictObject({ type: z.enum(pathMatchTypes), value: z.string() })
  .refine((path) => path.type === "RegularExpression" || path.value.startsWith("/"), {
    error: "must start with /",
    path: ["value"],
  })
  .refine(valueMatch, patternHelp);
const headerMatch = z
  .strictObject({ type: z.enum(headerMatchTypes), name: headerName, value: z.string() })
  .refine(valueMatch, patternHelp);
const queryParamMatch = z
  .strictObject({ type: z.enum(queryParamMatchTypes), name: z.string().min(1), value: z.string() })
  .refine(valueMatch, patternHelp);
const match = z.strictObject({
  path: pathMatch.exactOptional(),
  headers: z.array(headerMatch).exactOptional(),
  method: z.string().regex(token, "is not an HTTP method").exactOptional(),
  queryParams: z.array(queryParamMatch).exactOptional(),
});
const writableHeader = headerName.refine((header) => !framingHeaders.has(header.toLowerCase()), {
  error: "is a framing header, which a filter may not change",
});
const headerField = z.strictObject({ name: writableHeader, value: headerValue });
const filter = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("requestHeaders"),
    set: z.array(headerField).exactOptional(),
    add: z.array(headerField).exactOptional(),
    remove: z.array(writableHeader).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("mirror"),
    backend: name,
    percent: z.number().min(0).max(100, "use a number from 0 to 100").exactOptional(),
  }),
]);
const durationMs = z.number().positive("use a number of milliseconds above 0");
const rule = z.strictObject({
  matches: z.array(match).exactOptional(),
  filters: z.array(filter).exactOptional(),
  backends: z.array(
    z.strictObject({ backend: name, weight: z.int().min(0, "use a whole number from 0") }),
  ),
  timeouts: z
    .strictObject({
      requestMs: durationMs.exactOptional(),
      backendRequestMs: durationMs.exactOptional(),
    })
    .exactOptional(),
});
const route = z.strictObject({
  name,
  hostnames: z
    .array(z.string().regex(hostname, "is not a lower-case host name or *.suffix"))
    .exactOptional(),
  rules: z.array(rule),
});
const listener = z.strictObject({
  name,
  port: portNumber(0),
  address: name.exactOptional(),
  routes: z.array(route),
});
const endpoint = z.strictObject({
  host: name,
  port: portNumber(1),
  pod: name,
  version: z.string(),
});
const gatewayConfig: z.ZodType<GatewayConfig> = z.strictObject({
  generation: z.int().min(0, "use a whole number from 0"),
  listeners: z.array(listener),
  backends: z.array(z.strictObject({ name, endpoints: z.array(endpoint) })),
});

export type ConfigVerdict =
  | { readonly ok: true; readonly config: GatewayConfig }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Checks shape, values and references. Each error reads `listeners[0].port: what is wrong and what to do`. */
export function validateGatewayConfig(value: unknown): ConfigVerdict {
  const parsed = gatewayConfig.safeParse(value);
  if (!parsed.success) {
    return { ok: false, errors: parsed.error.issues.map((issue) => sentenceOf(issue)) };
  }
  const errors = [...duplicateErrors(parsed.data), ...referenceErrors(parsed.data)];
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: parsed.data };
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  const what = issue.code === "unrecognized_keys" ? unknownFields(issue.keys) : issue.message;
  return `${pathOf(issue.path)}: ${what}`;
}

/** Every field name of the contract: near enough to guess which one was meant. */
const fieldNames = [listener, route, rule, match, endpoint, headerField].flatMap((schema) =>
  Object.keys(schema.shape),
);

function unknownFields(keys: readonly string[]): string {
  return keys.map((key) => `unknown field "${key}"; ${suggestion(key, fieldNames)}`).join(", ");
}

function suggestion(word: string, known: readonly string[], otherwise = "remove it"): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? otherwise : `did you mean "${meant}"?`;
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((sofar, part) => {
    if (typeof part === "number") return `${sofar}[${String(part)}]`;
    return sofar === "" ? String(part) : `${sofar}.${String(part)}`;
  }, "");
  return text === "" ? "config" : text;
}

function problemOfPattern(source: string): string | undefined {
  try {
    new RegExp(source, "u");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function duplicateErrors(config: GatewayConfig): readonly string[] {
  const fixedPorts = config.listeners.filter((each) => each.port !== 0);
  return [
    ...duplicates("listeners", config.listeners, (each) => each.name),
    ...duplicates("listeners", fixedPorts, (each) => addressOf(each)),
    ...duplicates("backends", config.backends, (each) => each.name),
    ...config.listeners.flatMap((each, index) =>
      duplicates(`listeners[${String(index)}].routes`, each.routes, (one) => one.name),
    ),
  ];
}

function addressOf(each: Listener): string {
  return `${each.address ?? "127.0.0.1"} port ${String(each.port)}`;
}

function duplicates<T>(
  where: string,
  items: readonly T[],
  key: (item: T) => string,
): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const item of items) (seen.has(key(item)) ? repeated : seen).add(key(item));
  return [...repeated].map(
    (each) => `${where}: "${each}" appears more than once; keep one of them`,
  );
}

function referenceErrors(config: GatewayConfig): readonly string[] {
  const known = new Set(config.backends.map((each) => each.name));
  return config.listeners.flatMap((each, listenerIndex) =>
    each.routes.flatMap((one, routeIndex) =>
      one.rules.flatMap((ruleOfRoute, ruleIndex) => {
        const at = `listeners[${String(listenerIndex)}].routes[${String(routeIndex)}].rules[${String(ruleIndex)}]`;
        return unknownBackends(ruleOfRoute, known, at);
      }),
    ),
  );
}

function unknownBackends(
  ruleOfRoute: Rule,
  known: ReadonlySet<string>,
  at: string,
): readonly string[] {
  const named = [
    ...ruleOfRoute.backends.map((each, index) => ({
      where: `${at}.backends[${String(index)}].backend`,
      backend: each.backend,
    })),
    ...(ruleOfRoute.filters ?? []).flatMap((each, index) =>
      each.kind === "mirror"
        ? [{ where: `${at}.filters[${String(index)}].backend`, backend: each.backend }]
        : [],
    ),
  ];
  return named
    .filter((each) => !known.has(each.backend))
    .map(
      (each) =>
        `${each.where}: there is no backend "${each.backend}"; ${hintFor(each.backend, known)}`,
    );
}

function hintFor(backend: string, known: ReadonlySet<string>): string {
  const names = [...known].sort();
  const list = names.length === 0 ? "add it under backends" : `known are ${names.join(", ")}`;
  return suggestion(backend, names, list);
}
