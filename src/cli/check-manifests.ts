// Finds the mistakes of manifests before anything of them is sent: with file, line and column, and
// all at once.
import type { Finding } from "../api/lint/finding.ts";
import type { SourceDocument } from "../api/yaml/documents.ts";
import { judgeProblem } from "./judge/judge-problem.ts";
import { CliError } from "./command.ts";
import type { Manifest } from "./read-manifests.ts";

/** Everything lint says of the documents, as this version carries them out. */
export async function findingsOf(
  documents: readonly SourceDocument[],
): Promise<readonly Finding[]> {
  // What carries manifests out knows what it can do; loading that takes longer than most commands do.
  const [
    { lint },
    { capabilitiesOf },
    { providerKinds },
    { validateMetrics },
    { approximateSplit },
  ] = await Promise.all([
    import("../api/lint/lint.ts"),
    import("../controllers/delivery.ts"),
    import("../metrics/registry.ts"),
    import("../core/analysis/validate-metrics.ts"),
    import("../core/replicas/counts-basic.ts"),
  ]);
  const core = { metricsProblem: validateMetrics, judgeProblem, split: approximateSplit };
  return lint(documents, capabilitiesOf(providerKinds), core);
}

/** Throws a CliError with every error lint finds; warnings and notices are no reason to refuse. */
export async function refuseMistakes(manifests: readonly Manifest[]): Promise<void> {
  const findings = await findingsOf(manifests.map(({ document }) => document));
  const errors = findings.filter(({ level }) => level === "error");
  if (errors.length === 0) return;
  const lines = errors.map(({ text, code }) => `${text} [${code}]`);
  throw new CliError(
    `${lines.join("\n       ")}\nNothing was sent. (--no-lint leaves the checking to the server.)`,
  );
}
