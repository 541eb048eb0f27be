import type { AnalysisTemplate, TemplateRef } from "../../api/argo/analysis.ts";

export type Gathered =
  | { readonly ok: true; readonly templates: readonly AnalysisTemplate[] }
  | { readonly ok: false; readonly message: string };

type TemplateKind = AnalysisTemplate["kind"];

function kindOf(ref: { readonly clusterScope?: boolean }): TemplateKind {
  return ref.clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
}

function keyOf(kind: TemplateKind, name: string): string {
  return `${kind} '${name}'`;
}

interface Walk {
  readonly known: ReadonlyMap<string, AnalysisTemplate>;
  /** Found so far, each once, in the order they were met. */
  readonly found: Map<string, AnalysisTemplate>;
}

/** Adds one template and all it includes; returns what is wrong, if anything is. */
function visit(key: string, path: readonly string[], walk: Walk): string | undefined {
  if (path.includes(key)) {
    const circle = [...path.slice(path.indexOf(key)), key].join(" → ");
    return `${key} includes itself: ${circle}`;
  }
  if (walk.found.has(key)) return undefined;
  const template = walk.known.get(key);
  if (template === undefined) return `${key} not found`;
  walk.found.set(key, template);
  for (const inner of template.spec.templates ?? []) {
    const problem = visit(keyOf(kindOf(inner), inner.templateName), [...path, key], walk);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * The requested templates and everything they include, depth first and each once: first the
 * AnalysisTemplates, then the ClusterAnalysisTemplates. Errors: `AnalysisTemplate 'x' not found`,
 * and a circle, which Argo would follow for ever.
 */
export function gatherTemplates(
  templates: readonly AnalysisTemplate[],
  requested: readonly TemplateRef[],
): Gathered {
  const known = new Map(
    templates.map((template) => [keyOf(template.kind, template.metadata.name), template]),
  );
  const walk: Walk = { known, found: new Map() };
  for (const ref of requested) {
    const problem = visit(keyOf(kindOf(ref), ref.templateName), [], walk);
    if (problem !== undefined) return { ok: false, message: problem };
  }
  const found = [...walk.found.values()];
  const ofKind = (kind: TemplateKind): readonly AnalysisTemplate[] =>
    found.filter((template) => template.kind === kind);
  return {
    ok: true,
    templates: [...ofKind("AnalysisTemplate"), ...ofKind("ClusterAnalysisTemplate")],
  };
}
