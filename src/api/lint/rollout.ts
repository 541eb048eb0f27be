// Findings of one Rollout: Argo's rules, what its router cannot do, what nothing carries out, and
// shares that its replicas cannot make.
import type { Json } from "../../lib/json.ts";
import { fieldErrorBody } from "../meta/field-error.ts";
import type { FieldError } from "../meta/field-error.ts";
import { formatPath } from "../meta/field-path.ts";
import type { Capabilities } from "../argo/capabilities.ts";
import { shareOf } from "../argo/parse/duration.ts";
import { parseRollout } from "../argo/parse/rollout.ts";
import { stepKinds } from "../argo/parse/steps.ts";
import type { Rollout } from "../argo/rollout.ts";
import { validateRollout } from "../argo/validate/rollout.ts";
import { conform } from "../schema/conform.ts";
import { rolloutSchema } from "../schema/rollout.ts";
import type { SourceDocument } from "../yaml/documents.ts";
import { fieldFinding, noticeFindings } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { LintCore } from "./from-core.ts";

function wordsIn(value: Json | undefined): readonly string[] {
  return typeof value === "string"
    ? value
        .split(" ")
        .filter((word) => !word.startsWith("true"))
        .map((word) => word.replace(/:$/, ""))
    : [];
}

/** The codes that say more than FIELD_INVALID, by what the path leads to. */
function ruleFinding(document: SourceDocument, error: FieldError): Finding {
  const { path, kind, value } = error;
  const problem = fieldErrorBody(error);
  const last = path.at(-1);
  if (last === "strategy" && kind === "required")
    return fieldFinding("error", "STRATEGY_MISSING", document, path, {});
  if (last === "strategy" && kind === "invalid") {
    return fieldFinding("error", "STRATEGY_SEVERAL", document, path, {
      strategies: wordsIn(value),
    });
  }
  if (last === "duration" && path.at(-2) === "pause") {
    return fieldFinding("error", "PAUSE_INVALID", document, path, { problem });
  }
  if (typeof last === "number" && path.at(-2) === "steps") {
    return fieldFinding("error", "STEP_INVALID", document, path, {
      problem: stepProblem(value),
      known: stepKinds,
    });
  }
  return fieldFinding("error", "FIELD_INVALID", document, path, { problem });
}

/** Argo lists every kind with true or false; people want to hear the true ones. */
function stepProblem(value: Json | undefined): string {
  const given = typeof value === "string" ? [...value.matchAll(/step\.(\w)(\w+): true/g)] : [];
  if (given.length === 0) return "the step says nothing to do";
  const names = given.map(([, first = "", rest = ""]) => `${first.toLowerCase()}${rest}`);
  return `the step has ${names.join(" and ")} at once`;
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
}

/** A rule is not worth saying where a misspelt or malformed field explains it. */
function isExplained(error: FieldError, said: readonly Finding[]): boolean {
  const at = formatPath(error.path);
  return said.some(({ field }) => isWithin(at, field) || isWithin(field, at));
}

function ruleFindings(document: SourceDocument, said: readonly Finding[]): readonly Finding[] {
  const malformed = new Set(
    conform(document.object, rolloutSchema).problems.map(({ path }) => formatPath(path)),
  );
  return validateRollout(document.object)
    .filter((error) => !malformed.has(formatPath(error.path)) && !isExplained(error, said))
    .map((error) => ruleFinding(document, error));
}

/** "x cannot mirror; y can" comes with its own way out. */
function capabilityFindings(
  document: SourceDocument,
  capabilities: Capabilities,
): readonly Finding[] {
  return validateRollout(document.object, { capabilities })
    .filter(({ kind, message }) => kind === "forbidden" && message.includes(" cannot "))
    .map(({ path, message }) => {
      const [cannot = "", can = ""] = message.split("; ");
      const [router = "", power = ""] = cannot.split(" cannot ");
      const able = can.startsWith("no router") ? [] : can.replace(/ can$/, "").split(/, | and /);
      return fieldFinding("error", "ROUTER_CANNOT", document, path, { router, power, able });
    });
}

function surgeOf(maxSurge: number | string, replicas: number): number {
  const share = shareOf(maxSurge) ?? 0;
  return typeof share === "number"
    ? share
    : Math.ceil((Number(share.slice(0, -1)) * replicas) / 100);
}

function percentText(canary: number, total: number): string {
  const percent = total === 0 ? 0 : (canary * 100) / total;
  return `${Number(percent.toFixed(1))} % (${canary} of ${total} pods)`;
}

/** A misspelt `replicas` or `trafficRouting` leaves a share to be computed from what nobody wrote. */
function isUncertain(said: readonly Finding[]): boolean {
  return said.some(
    ({ level, field }) =>
      level === "error" &&
      /^spec\.(strategy\.canary\.)?[^.[]+$/.test(field) &&
      field !== "spec.strategy",
  );
}

/** Steps whose share the pods cannot make: stated, not hidden (S4.3). */
function weightFindings(
  document: SourceDocument,
  { spec }: Rollout,
  { split }: LintCore,
): readonly Finding[] {
  const { strategy, replicas: n = 1 } = spec;
  if (strategy.kind !== "canary" || strategy.trafficRouting) return [];
  const maxSurge = surgeOf(strategy.maxSurge, n);
  return strategy.steps.flatMap((step, index) => {
    if (step.kind !== "setWeight" || step.weight < 0 || step.weight > 100) return [];
    const { canary, stable } = split({ n, weight: step.weight, maxWeight: 100 }, maxSurge);
    const total = canary + stable;
    if (canary * 100 === step.weight * total) return [];
    const path = ["spec", "strategy", "canary", "steps", index, "setWeight"];
    return [
      fieldFinding("warning", "WEIGHT_UNREACHABLE", document, path, {
        wantedPercent: step.weight,
        replicas: n,
        nearest: percentText(canary, total),
      }),
    ];
  });
}

/** An experiment's template whose share leads to no Service, since a Service needs a port. */
function portFindings(document: SourceDocument, { spec }: Rollout): readonly Finding[] {
  const { strategy, template } = spec;
  const isRouted = strategy.kind === "canary" && strategy.trafficRouting !== undefined;
  if (!isRouted || template === undefined) return [];
  if (template.spec.containers.some(({ ports = [] }) => ports.length > 0)) return [];
  return strategy.steps.flatMap((step, index) =>
    (step.kind === "experiment" ? step.templates : []).flatMap(({ name, weight = 0 }, at) => {
      if (weight === 0) return [];
      const way = ["experiment", "templates", at, "weight"];
      const path = ["spec", "strategy", "canary", "steps", index, ...way];
      const found = { template: name, percent: weight };
      return [fieldFinding("warning", "SHARE_NEEDS_PORT", document, path, found)];
    }),
  );
}

export function rolloutFindings(
  document: SourceDocument,
  capabilities: Capabilities,
  core: LintCore,
  said: readonly Finding[],
): readonly Finding[] {
  const { rollout, notCarriedOut } = parseRollout(document.object, capabilities);
  return [
    ...ruleFindings(document, said),
    ...capabilityFindings(document, capabilities),
    ...noticeFindings(document, notCarriedOut),
    ...portFindings(document, rollout),
    ...(isUncertain(said) ? [] : weightFindings(document, rollout, core)),
  ];
}
