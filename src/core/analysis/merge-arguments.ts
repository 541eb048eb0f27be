import type { AnalysisArgument } from "../../api/argo/analysis.ts";

export type Arguments =
  | { readonly ok: true; readonly args: readonly AnalysisArgument[] }
  | { readonly ok: false; readonly message: string };

function hasSource({ value, valueFrom }: AnalysisArgument): boolean {
  return value !== undefined || valueFrom !== undefined;
}

/**
 * The arguments several templates declare, each name once, in the order they are met. The first
 * value (or valueFrom) wins over none; two different values are an error.
 */
export function joinArguments(lists: readonly (readonly AnalysisArgument[])[]): Arguments {
  const joined = new Map<string, AnalysisArgument>();
  for (const argument of lists.flat()) {
    const before = joined.get(argument.name);
    if (before === undefined || !hasSource(before)) {
      joined.set(argument.name, argument);
      continue;
    }
    const [first, second] = [before.value, argument.value];
    if (first !== undefined && second !== undefined && first !== second) {
      const values = `'${first}', '${second}'`;
      const message = `Argument \`${argument.name}\` specified multiple times with different values: ${values}`;
      return { ok: false, message };
    }
  }
  return { ok: true, args: [...joined.values()] };
}

/**
 * Declared arguments with the caller's in their place. What the caller gives replaces value and
 * valueFrom together, so a literal given over a template's secret is used. Names that no template
 * declares are dropped; a declared one left with nothing is `args.x was not resolved`.
 */
export function overrideArguments(
  declared: readonly AnalysisArgument[],
  given: readonly AnalysisArgument[],
): Arguments {
  const byName = new Map(given.filter(hasSource).map((argument) => [argument.name, argument]));
  const args = declared.map((argument) => byName.get(argument.name) ?? argument);
  const missing = args.find((argument) => !hasSource(argument));
  if (missing !== undefined) return { ok: false, message: `args.${missing.name} was not resolved` };
  return { ok: true, args };
}
