// From a metric's query block to PromQL, as Kayenta's Prometheus store reads it: a template with variables
// (customInlineTemplate, or customFilterTemplate by name) that is a whole query after "PromQL:" and otherwise a
// filter beside labelBindings on metricName, averaged by groupByFields.
import type {
  CanaryConfiguration,
  ConfiguredMetric,
} from "../../core/judge/kayenta/read-configuration.ts";
import { JsonPlace } from "../../lib/json-place.ts";
import type { Scope } from "./config.ts";

export type Query =
  | { readonly ok: true; readonly promQl: string }
  | { readonly ok: false; readonly problems: readonly string[] };

const wholeQuery = "PromQL:";

/** `${name}`, also with the backslash that keeps Spinnaker from reading it. */
const variable = /\$\\?\{([^}]*)\}/g;

function variablesOf({ scope, location, extendedScopeParams }: Scope, resourceType: string) {
  const own = { scope, location, resourceType };
  const known = Object.entries(own).filter(([, value]) => value !== "");
  return new Map([...Object.entries(extendedScopeParams), ...known]);
}

interface Template {
  readonly key: string;
  readonly text: string;
}

function templateOf(place: JsonPlace, { templates }: CanaryConfiguration): Template | undefined {
  const inline = place.text("customInlineTemplate");
  if (inline !== "") return { key: "customInlineTemplate", text: inline };
  const name = place.text("customFilterTemplate");
  if (name === "") {
    const filter = place.text("customFilter");
    return filter === "" ? undefined : { key: "customFilter", text: filter };
  }
  const text = Object.hasOwn(templates, name) ? templates[name] : undefined;
  if (text !== undefined) return { key: "customFilterTemplate", text };
  const known = Object.keys(templates).join(", ") || "none";
  place.refuse("customFilterTemplate", `there is no template ${name}; templates: ${known}`);
  return undefined;
}

function expanded(
  { key, text }: Template,
  variables: ReadonlyMap<string, string>,
  place: JsonPlace,
): string {
  return text.replaceAll(variable, (written, name: string) => {
    const value = variables.get(name.trim());
    if (value !== undefined) return value;
    place.refuse(key, `${written} has no value; known: ${[...variables.keys()].join(", ")}`);
    return "";
  });
}

function averaged(place: JsonPlace, filter: string): string {
  const name = place.requiredText("metricName");
  const labels = [...place.texts("labelBindings"), ...(filter === "" ? [] : [filter])];
  const groups = place.texts("groupByFields");
  const by = groups.length === 0 ? "" : ` by (${groups.join(", ")})`;
  return `avg${by} (${name}{${labels.join(",")}})`;
}

/** The PromQL of one metric for one side, or what its query block lacks. `path` is its place: `metrics[2]`. */
export function queryOf(
  metric: ConfiguredMetric,
  path: string,
  scope: Scope,
  configuration: CanaryConfiguration,
): Query {
  const problems: string[] = [];
  const place = new JsonPlace(metric.query, `${path}.query`, problems);
  place.oneOf("type", ["prometheus"], "prometheus");
  if (place.get("type") === undefined) place.refuse("type", "is missing; known: prometheus");
  const variables = variablesOf(scope, place.text("resourceType"));
  const template = templateOf(place, configuration);
  const text = template === undefined ? "" : expanded(template, variables, place).trim();
  const promQl = text.startsWith(wholeQuery)
    ? text.slice(wholeQuery.length).trim()
    : averaged(place, text);
  if (promQl === "") place.refuse(template?.key ?? "query", "is empty");
  return problems.length > 0 ? { ok: false, problems } : { ok: true, promQl };
}
