// Objects as YAML text. A file of its own, so that a command that prints none never loads the writer.
import { stringify } from "yaml";

/** One document, ended by a line break. Without `width` no line is folded. */
export function yamlText(value: unknown, { width = 0 }: { readonly width?: number } = {}): string {
  return stringify(value, { lineWidth: width, indentSeq: false, aliasDuplicateObjects: false });
}
