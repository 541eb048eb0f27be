// api/lint: everything that can be said about manifests without a cluster: misspelt fields, wrong
// types, Argo's rules, references among the files, conditions, weights that replicas cannot make,
// and what nothing here carries out. Pure: documents in, findings out. Each file beside this looks
// at one matter; a new one is a function from a document to findings and a line in `lintDocument`.
import { validateExperiment } from "../argo/validate/experiment.ts";
import { parseRollout } from "../argo/parse/rollout.ts";
import type { Capabilities } from "../argo/capabilities.ts";
import { kindKeyOf } from "../meta/wire.ts";
import { schemas } from "../schema/kinds.ts";
import type { SourceDocument, SourceProblem } from "../yaml/documents.ts";
import { analysisFindings } from "./analysis.ts";
import { ruleFindings, typeFindings, unknownFieldFindings, unknownKindFinding } from "./fields.ts";
import { fieldFinding, placeFinding } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { LintCore } from "./from-core.ts";
import { referenceFindings } from "./references.ts";
import { rolloutFindings } from "./rollout.ts";
import { watchingFindings } from "./watching.ts";

/** Texts that are no YAML, or no objects. */
export function sourceFindings(problems: readonly SourceProblem[]): readonly Finding[] {
  return problems.map((problem) =>
    problem.kind === "syntax"
      ? placeFinding("error", "YAML_SYNTAX", problem, { problem: problem.problem })
      : placeFinding("error", "MANIFEST_NOT_AN_OBJECT", problem, { found: problem.problem }),
  );
}

function experimentFindings(document: SourceDocument): readonly Finding[] {
  const problem = validateExperiment(document.object);
  if (problem === undefined) return [];
  return [fieldFinding("error", "FIELD_INVALID", document, ["spec", "templates"], { problem })];
}

function lintDocument(
  document: SourceDocument,
  documents: readonly SourceDocument[],
  capabilities: Capabilities,
  core: LintCore,
): readonly Finding[] {
  const key = kindKeyOf(document.object);
  const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
  if (schema === undefined) return [unknownKindFinding(document)];
  const unknown = unknownFieldFindings(document, schema);
  const types = typeFindings(document, schema, unknown);
  const said = [...unknown, ...types];
  switch (key) {
    case "argoproj.io/v1alpha1 Rollout":
      return [
        ...said,
        ...rolloutFindings(document, capabilities, core, said),
        ...referenceFindings(document, documents),
        ...watchingFindings(document, documents, parseRollout(document.object).rollout),
      ];
    case "argoproj.io/v1alpha1 AnalysisTemplate":
    case "argoproj.io/v1alpha1 ClusterAnalysisTemplate":
    case "argoproj.io/v1alpha1 AnalysisRun":
      return [...said, ...analysisFindings(document, capabilities, core)];
    case "argoproj.io/v1alpha1 Experiment":
      return [...said, ...(types.length > 0 ? [] : experimentFindings(document))];
    default:
      return types.length > 0 ? said : [...said, ...ruleFindings(document)];
  }
}

const levelOrder = { error: 0, warning: 1, notice: 2 } as const;

function byPlace(left: Finding, right: Finding): number {
  const byFile = left.file < right.file ? -1 : left.file > right.file ? 1 : 0;
  return (
    byFile ||
    left.position.line - right.position.line ||
    left.position.column - right.position.column ||
    levelOrder[left.level] - levelOrder[right.level]
  );
}

/** All findings about the documents, by file, line and column. No finding of level error = valid. */
export function lint(
  documents: readonly SourceDocument[],
  capabilities: Capabilities,
  core: LintCore,
): readonly Finding[] {
  return documents
    .flatMap((document) => lintDocument(document, documents, capabilities, core))
    .toSorted(byPlace);
}
