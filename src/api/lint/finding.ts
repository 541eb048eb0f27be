// What lint has to say, ready to print and ready to be read by a program.
import { errorWords, sentenceOf } from "../../lib/errors.ts";
import type { ErrorCode, ErrorParams, ErrorWords } from "../../lib/errors.ts";
import { formatPath } from "../meta/field-path.ts";
import type { FieldPath } from "../meta/field-path.ts";
import type { Notice } from "../argo/parse/problem.ts";
import type { Position, SourceDocument } from "../yaml/documents.ts";

export const levels = ["error", "warning", "notice"] as const;
export type Level = (typeof levels)[number];

export interface Finding {
  readonly level: Level;
  readonly code: ErrorCode;
  readonly file: string;
  readonly position: Position;
  /** The field in its object: `spec.strategy.canary.steps[1].setWeight`; "" for the whole object. */
  readonly field: string;
  /** What is wrong, without place and without way out. */
  readonly what: string;
  readonly wayOut: string;
  /** The whole sentence: `file:line:column: field: what; way out`. */
  readonly text: string;
}

/** `file:line:column`; text that is no file begins with its line. */
export function formatPlace(file: string, { line, column }: Position): string {
  return `${file === "" ? "line " : `${file}:`}${line}:${column}`;
}

function finding(
  level: Level,
  code: ErrorCode,
  at: Pick<Finding, "file" | "position" | "field">,
  words: ErrorWords,
): Finding {
  return { level, code, ...at, what: words.what, wayOut: words.wayOut, text: sentenceOf(words) };
}

type FieldParams<C extends ErrorCode> = Omit<ErrorParams<C>, "where" | "field">;

/** A finding about one field of a document. `params` are the code's own, without where and field. */
export function fieldFinding<C extends ErrorCode>(
  level: Level,
  code: C,
  document: SourceDocument,
  path: FieldPath,
  params: FieldParams<C>,
): Finding {
  const position = document.positionOf(path);
  const field = formatPath(path);
  const where = formatPlace(document.file, position);
  const words = errorWords(code, { ...params, where, field });
  return finding(level, code, { file: document.file, position, field }, words);
}

/** A finding about a place that is no field of an object. */
export function placeFinding<C extends ErrorCode>(
  level: Level,
  code: C,
  at: { readonly file: string; readonly position: Position },
  params: Omit<ErrorParams<C>, "where">,
): Finding {
  const where = formatPlace(at.file, at.position);
  const words = errorWords(code, { ...params, where });
  return finding(level, code, { ...at, field: "" }, words);
}

export function noticeFindings(
  document: SourceDocument,
  notices: readonly Notice[],
): readonly Finding[] {
  return notices.map(({ path }) => {
    const at = { file: document.file, position: document.positionOf(path) };
    return placeFinding("notice", "NOT_CARRIED_OUT", at, { field: formatPath(path) });
  });
}
