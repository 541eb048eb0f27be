import type { AnalysisArgument, AnalysisRun, Metric } from "../../api/argo/analysis.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { substituteArgs, type TemplateArgument } from "../../lib/args-template.ts";

/** One key of a Secret in the run's namespace. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** Decoded data by Secret name; a name that is absent is a Secret that does not exist. */
export type Secrets = Readonly<Record<string, StringMap>>;

export type ResolvedMetrics =
  | {
      readonly ok: true;
      readonly metrics: readonly Metric[];
      /** What must not be shown anywhere. */
      readonly secretValues: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

/** Stands for every secret while a run is checked, before anything is read. */
const placeholder = "temp-for-secret";

function secretOf(argument: AnalysisArgument): SecretKey | undefined {
  return argument.value === undefined ? argument.valueFrom?.secretKeyRef : undefined;
}

/** The keys of Secrets that the run's arguments come from. */
export function secretKeysOf(run: AnalysisRun): readonly SecretKey[] {
  return (run.spec.args ?? []).map(secretOf).filter((key) => key !== undefined);
}

function readSecret({ name, key }: SecretKey, secrets: Secrets): string | undefined {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  return secret !== undefined && Object.hasOwn(secret, key) ? secret[key] : undefined;
}

function missingSecret(keys: readonly SecretKey[], secrets: Secrets): string | undefined {
  const missing = keys.find((key) => readSecret(key, secrets) === undefined);
  if (missing === undefined) return undefined;
  return Object.hasOwn(secrets, missing.name)
    ? `key '${missing.key}' does not exist in secret '${missing.name}'`
    : `secrets "${missing.name}" not found`;
}

function argumentsOf(
  run: AnalysisRun,
  secretText: (key: SecretKey) => string,
): readonly TemplateArgument[] {
  return (run.spec.args ?? []).map((argument) => {
    const secret = secretOf(argument);
    const value = secret === undefined ? argument.value : secretText(secret);
    return { name: argument.name, value };
  });
}

function substituted(
  metrics: readonly Metric[],
  args: readonly TemplateArgument[],
):
  | Exclude<ResolvedMetrics, { ok: true }>
  | { readonly ok: true; readonly metrics: readonly Metric[] } {
  const resolved: Metric[] = [];
  for (const metric of metrics) {
    const result = substituteArgs(asJson(metric), args);
    if (!result.ok) return result;
    // Substitution changes texts only, so what was a metric still is one.
    resolved.push(result.value as unknown as Metric);
  }
  return { ok: true, metrics: resolved };
}

/**
 * The metrics of a run with every `{{args.x}}` replaced. Without `secrets`, a placeholder stands
 * in for them. Errors: `failed to resolve {{args.x}}`, `argument "x" was not supplied`,
 * `key 'k' does not exist in secret 's'`, `secrets "s" not found` (algorithms §2.13).
 */
export function resolveArgs(run: AnalysisRun, secrets?: Secrets): ResolvedMetrics {
  const keys = secrets === undefined ? [] : secretKeysOf(run);
  const missing = missingSecret(keys, secrets ?? {});
  if (missing !== undefined) return { ok: false, message: missing };
  const textOf = (key: SecretKey): string =>
    secrets === undefined ? placeholder : (readSecret(key, secrets) ?? "");
  const result = substituted(run.spec.metrics, argumentsOf(run, textOf));
  if (!result.ok) return result;
  return { ...result, secretValues: [...new Set(keys.map(textOf))].filter((text) => text !== "") };
}
