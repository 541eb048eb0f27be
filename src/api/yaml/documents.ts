// api/yaml: manifests as people write them: YAML or JSON, several documents in one text, `kind:
// List` taken apart. Each object knows where its fields stand, so that errors can name file, line
// and column. Imports lib, api/meta and the yaml package; load it lazily where start-up counts.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from "yaml";
import type { Document, Node, ScalarTag } from "yaml";
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldPath } from "../meta/field-path.ts";

/** Line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SourceDocument {
  /** The file's name as given, or "" for text that is none. */
  readonly file: string;
  readonly object: JsonObject;
  /** Where the field's key (or list item) is written; for a field nobody wrote, where its nearest parent is. */
  readonly positionOf: (path: FieldPath) => Position;
}

/** What cannot be read as an object at all. */
export interface SourceProblem {
  readonly kind: "syntax" | "notAnObject";
  readonly file: string;
  readonly position: Position;
  /** The parser's words, or what was found instead of an object. */
  readonly problem: string;
}

export interface SourceText {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly SourceProblem[];
}

/** `yes`, `no`, `on`, `off` are booleans to Kubernetes' YAML 1.1; what is written must mean the same here. */
function wordTag(value: boolean, test: RegExp): ScalarTag {
  return {
    tag: "tag:yaml.org,2002:bool",
    default: true,
    test,
    identify: () => false,
    resolve: () => value,
  };
}

const wordTags = [
  wordTag(true, /^(?:yes|Yes|YES|on|On|ON)$/),
  wordTag(false, /^(?:no|No|NO|off|Off|OFF)$/),
];

function startOf(node: unknown): number | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range?.[0];
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : "";
}

interface Found {
  readonly node: unknown;
  readonly offset: number | undefined;
}

function child(document: Document, node: unknown, segment: string | number): Found | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isMap(target)) {
    const pair = target.items.find(({ key }) => keyOf(key) === String(segment));
    return pair && { node: pair.value, offset: startOf(pair.key) };
  }
  if (!isSeq(target) || typeof segment !== "number") return undefined;
  const item = target.items[segment];
  return item === undefined ? undefined : { node: item, offset: startOf(item) };
}

function offsetOf(document: Document, path: FieldPath): number {
  let found: Found = { node: document.contents, offset: startOf(document.contents) };
  let offset = found.offset ?? 0;
  for (const segment of path) {
    const next = child(document, found.node, segment);
    if (next === undefined) break;
    found = next;
    offset = next.offset ?? offset;
  }
  return offset;
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function nameOfType(value: Json): string {
  if (value === null) return "nothing";
  if (isJsonArray(value)) return "a list";
  return `the ${typeof value} ${JSON.stringify(value)}`;
}

interface Context {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
}

function documentAt(
  object: JsonObject,
  base: FieldPath,
  { file, lines, document }: Context,
): SourceDocument {
  return {
    file,
    object,
    positionOf: (path) => positionAt(lines, offsetOf(document, [...base, ...path])),
  };
}

const nothing: SourceText = { documents: [], problems: [] };

/** One value of a file: an object, the items of a List, or a problem. */
function taken(value: Json, base: FieldPath, context: Context): SourceText {
  if (!isJsonObject(value)) {
    const position = positionAt(context.lines, offsetOf(context.document, base));
    const problem: SourceProblem = {
      kind: "notAnObject",
      file: context.file,
      position,
      problem: nameOfType(value),
    };
    return { documents: [], problems: [problem] };
  }
  const { kind, items } = value;
  if (kind !== "List" || !isJsonArray(items)) {
    return { documents: [documentAt(value, base, context)], problems: [] };
  }
  return joined(items.map((item, index) => taken(item, [...base, "items", index], context)));
}

function joined(parts: readonly SourceText[]): SourceText {
  return {
    documents: parts.flatMap(({ documents }) => documents),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

function syntaxProblem(problem: string, offset: number, { file, lines }: Context): SourceText {
  const sentence = problem.replace(/\s+/g, " ").trim();
  return {
    documents: [],
    problems: [{ kind: "syntax", file, position: positionAt(lines, offset), problem: sentence }],
  };
}

/** Where an alias stands that no anchor before it explains. */
function unresolvedAlias(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      offset = startOf(alias);
      return visit.BREAK;
    },
  });
  return offset;
}

function readDocument(context: Context): SourceText {
  const { document } = context;
  const [error] = document.errors;
  if (error) return syntaxProblem(error.message, error.pos[0], context);
  if (document.contents === null) return nothing;
  try {
    // The wire border: YAML of the core schema gives JSON values and nothing else.
    const value = document.toJS({ maxAliasCount: 100 }) as Json;
    return value === null ? nothing : taken(value, [], context);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return syntaxProblem(error.message, unresolvedAlias(document) ?? 0, context);
  }
}

/**
 * All objects of a text, and what in it is none. A document with a syntax error is left out and
 * reported with its position; the others are read. Never throws for what a text holds.
 */
export function readDocuments(text: string, file: string): SourceText {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    customTags: (tags) => [...wordTags, ...tags],
  });
  if (!Array.isArray(parsed)) return nothing;
  return joined(parsed.map((document) => readDocument({ file, lines, document })));
}
