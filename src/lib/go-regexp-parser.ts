// The syntax half of go-regexp.ts: RE2 patterns to a tree.

export type CharTest = (point: number) => boolean;
export type Assertion =
  "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordBoundary" | "noWordBoundary";
export type RegexpNode =
  | { readonly kind: "empty" }
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence" | "alternatives"; readonly items: readonly RegexpNode[] }
  | {
      readonly kind: "repeat";
      readonly body: RegexpNode;
      readonly min: number;
      readonly max: number | undefined;
    };
export type ParsedRegexp =
  | { readonly ok: true; readonly node: RegexpNode }
  | { readonly ok: false; readonly message: string };

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}
interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

class SyntaxProblem extends Error {}

const MAX_REPEAT = 1000;
const MAX_DEPTH = 500;
const NO_FLAGS: Flags = { ignoreCase: false, multiLine: false, dotAll: false };

function fail(problem: string, excerpt: string): never {
  throw new SyntaxProblem(`error parsing regexp: ${problem}: \`${excerpt}\``);
}

function single(test: CharTest): RegexpNode {
  return { kind: "char", test };
}

function foldings(point: number): readonly number[] {
  const character = String.fromCodePoint(point);
  const forms = [character, character.toLowerCase(), character.toUpperCase()];
  return forms.flatMap((form) =>
    Array.from(form).length === 1 ? [form.codePointAt(0) ?? point] : [],
  );
}

function literal(point: number, flags: Flags): RegexpNode {
  if (!flags.ignoreCase) return single((other) => other === point);
  const forms = foldings(point);
  return single(
    (other) => forms.includes(other) || foldings(other).some((form) => forms.includes(form)),
  );
}

function takePoint(reader: Reader): number {
  const point = reader.text.codePointAt(reader.at) ?? 0;
  reader.at += point > 0xffff ? 2 : 1;
  return point;
}

function rest(reader: Reader, from = reader.at): string {
  return reader.text.slice(from);
}

function skip(reader: Reader, text: string): boolean {
  if (!reader.text.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
}

/** Alternatives up to `)` or the end. Flags set inside hold to the end of the group. */
function parseAlternatives(reader: Reader, flags: Flags): RegexpNode {
  reader.depth += 1;
  if (reader.depth > MAX_DEPTH) fail("expression nests too deeply", reader.text);
  const alternatives: RegexpNode[] = [];
  let current = flags;
  do {
    const [node, after] = parseSequence(reader, current);
    alternatives.push(node);
    current = after;
  } while (skip(reader, "|"));
  reader.depth -= 1;
  const [only] = alternatives;
  return alternatives.length === 1 && only !== undefined
    ? only
    : { kind: "alternatives", items: alternatives };
}

function parseSequence(reader: Reader, start: Flags): readonly [RegexpNode, Flags] {
  const items: RegexpNode[] = [];
  let flags = start;
  while (reader.at < reader.text.length && !/[|)]/.test(reader.text.charAt(reader.at))) {
    const changed = parseFlagSwitch(reader, flags);
    if (changed !== undefined) {
      flags = changed;
      continue;
    }
    if (skip(reader, "\\Q")) items.push(...parseQuotedText(reader, flags));
    else items.push(parseRepeats(reader, parseAtom(reader, flags)));
  }
  return [{ kind: "sequence", items }, flags];
}

function parseQuotedText(reader: Reader, flags: Flags): readonly RegexpNode[] {
  const end = reader.text.indexOf("\\E", reader.at);
  const quoted = reader.text.slice(reader.at, end < 0 ? undefined : end);
  reader.at = end < 0 ? reader.text.length : end + 2;
  return Array.from(quoted, (character) => literal(character.codePointAt(0) ?? 0, flags));
}

const FLAG_GROUP = /\(\?([imsU]*)(?:-([imsU]+))?([:)])/y;

function withFlags(flags: Flags, letters: string, value: boolean): Flags {
  return {
    ignoreCase: letters.includes("i") ? value : flags.ignoreCase,
    multiLine: letters.includes("m") ? value : flags.multiLine,
    dotAll: letters.includes("s") ? value : flags.dotAll,
  };
}

/** `(?i)`: no group, only flags for what follows. */
function parseFlagSwitch(reader: Reader, flags: Flags): Flags | undefined {
  FLAG_GROUP.lastIndex = reader.at;
  const match = FLAG_GROUP.exec(reader.text);
  if (match?.[3] !== ")") return undefined;
  const [whole, on = "", off = ""] = match;
  if (on + off === "") return undefined;
  reader.at += whole.length;
  return withFlags(withFlags(flags, on, true), off, false);
}

const REPEAT = /[*+?]\??|\{(\d+)(?:(,)(\d*))?\}\??/y;

function parseRepeats(reader: Reader, atom: RegexpNode): RegexpNode {
  const start = reader.at;
  let node = atom;
  for (let count = 0; ; count += 1) {
    REPEAT.lastIndex = reader.at;
    const match = REPEAT.exec(reader.text);
    if (match === null) return node;
    reader.at += match[0].length;
    if (count > 0) fail("invalid nested repetition operator", reader.text.slice(start, reader.at));
    node = repeated(node, match);
  }
}

function repeated(body: RegexpNode, match: RegExpExecArray): RegexpNode {
  const [whole, low, comma, high] = match;
  if (low === undefined) {
    return {
      kind: "repeat",
      body,
      min: whole.startsWith("+") ? 1 : 0,
      max: whole.startsWith("?") ? 1 : undefined,
    };
  }
  const min = Number(low);
  const open = comma !== undefined && high === "";
  const max = comma === undefined ? min : Number(high);
  if (min > MAX_REPEAT || (!open && (max > MAX_REPEAT || max < min))) {
    return fail("invalid repeat count", whole.replace(/\?$/, ""));
  }
  return { kind: "repeat", body, min, max: open ? undefined : max };
}

function parseAtom(reader: Reader, flags: Flags): RegexpNode {
  const character = reader.text.charAt(reader.at);
  switch (character) {
    case "(":
      return parseGroup(reader, flags);
    case "[":
      return single(parseClass(reader, flags));
    case "\\":
      return parseEscape(reader, flags);
    case ".":
      reader.at += 1;
      return single(flags.dotAll ? () => true : (point) => point !== 10);
    case "^":
      reader.at += 1;
      return { kind: "assert", assertion: flags.multiLine ? "lineStart" : "textStart" };
    case "$":
      reader.at += 1;
      return { kind: "assert", assertion: flags.multiLine ? "lineEnd" : "textEnd" };
  }
  REPEAT.lastIndex = reader.at;
  const repeat = REPEAT.exec(reader.text);
  if (repeat !== null) return fail("missing argument to repetition operator", repeat[0]);
  return literal(takePoint(reader), flags);
}

const NAMED_GROUP = /\(\?P?<(\w+)>/y;

function groupFlags(reader: Reader, flags: Flags): Flags {
  const start = reader.at;
  if (!reader.text.startsWith("(?", start)) {
    reader.at += 1;
    return flags;
  }
  NAMED_GROUP.lastIndex = start;
  const named = NAMED_GROUP.exec(reader.text);
  if (named !== null) {
    reader.at += named[0].length;
    return flags;
  }
  FLAG_GROUP.lastIndex = start;
  const match = FLAG_GROUP.exec(reader.text);
  if (match?.[3] === ":") {
    reader.at += match[0].length;
    return withFlags(withFlags(flags, match[1] ?? "", true), match[2] ?? "", false);
  }
  if (/^\(\?P?<(?![=!])/.test(rest(reader)))
    return fail("invalid named capture", rest(reader).replace(/>.*$/s, ">"));
  const excerpt = /^\(\?[imsU-]*./s.exec(rest(reader))?.[0] ?? "(?";
  const isUnfinished = excerpt.length === rest(reader).length;
  return isUnfinished && excerpt === "(?"
    ? fail("missing closing )", reader.text)
    : fail("invalid or unsupported Perl syntax", excerpt);
}

function parseGroup(reader: Reader, flags: Flags): RegexpNode {
  const inner = groupFlags(reader, flags);
  const body = parseAlternatives(reader, inner);
  if (!skip(reader, ")")) fail("missing closing )", reader.text);
  return body;
}

const ASCII_CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  // eslint-disable-next-line no-control-regex -- the class of all ASCII characters includes them
  ascii: /[\x00-\x7f]/,
  blank: /[\t ]/,
  // eslint-disable-next-line no-control-regex -- the class of control characters is made of them
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};

function testOf(pattern: RegExp, negated: boolean): CharTest {
  return (point) => pattern.test(String.fromCodePoint(point)) !== negated;
}

const PERL_CLASSES: Readonly<Record<string, RegExp>> = {
  d: /[0-9]/,
  s: /[\t\n\f\r ]/,
  w: /[0-9A-Za-z_]/,
};

/** `\d`, `\W`, `\pL`, `\p{Greek}`: undefined when the text at the head is none of them. */
function parseEscapedClass(reader: Reader): CharTest | undefined {
  const perl = /^\\([dswDSW])/.exec(rest(reader))?.[1];
  if (perl !== undefined) {
    reader.at += 2;
    const pattern = PERL_CLASSES[perl.toLowerCase()];
    return pattern === undefined ? undefined : testOf(pattern, perl !== perl.toLowerCase());
  }
  const unicode = /^\\([pP])(?:\{(\^?)(\w*)\}|(\w))/.exec(rest(reader));
  if (unicode === null) return undefined;
  const [whole, letter, caret = "", long, short] = unicode;
  reader.at += whole.length;
  const pattern = unicodePattern(long ?? short ?? "");
  if (pattern === undefined) return fail("invalid character class range", whole);
  return testOf(pattern, (letter === "P") !== (caret === "^"));
}

function unicodePattern(name: string): RegExp | undefined {
  if (name === "Any") return /[\s\S]/u;
  for (const property of [name, `Script=${name}`]) {
    // Go knows general categories by their short names and scripts, nothing else.
    if (property === name && name.length > 2) continue;
    try {
      return new RegExp(`\\p{${property}}`, "u");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

const ESCAPED_CHARACTERS: Readonly<Record<string, number>> = {
  a: 7,
  f: 12,
  t: 9,
  n: 10,
  r: 13,
  v: 11,
};
const ESCAPED_ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "textStart",
  z: "textEnd",
  b: "wordBoundary",
  B: "noWordBoundary",
};
const CODE_ESCAPE = /\\(?:x([\da-fA-F]{2})|x\{([\da-fA-F]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/y;

function parseEscapedPoint(reader: Reader): number {
  const start = reader.at;
  CODE_ESCAPE.lastIndex = start;
  const match = CODE_ESCAPE.exec(reader.text);
  if (match !== null) {
    const [whole, two, braced, octal] = match;
    reader.at += whole.length;
    const point =
      octal === undefined ? Number.parseInt(two ?? braced ?? "", 16) : Number.parseInt(octal, 8);
    return point <= 0x10ffff ? point : fail("invalid escape sequence", whole);
  }
  reader.at += 1;
  if (reader.at >= reader.text.length) return fail("trailing backslash at end of expression", "");
  const point = takePoint(reader);
  const character = String.fromCodePoint(point);
  const control = Object.hasOwn(ESCAPED_CHARACTERS, character)
    ? ESCAPED_CHARACTERS[character]
    : undefined;
  if (control !== undefined) return control;
  if (/^[!-/:-@[-`{-~]$/.test(character) && character !== "_") return point;
  return fail("invalid escape sequence", reader.text.slice(start, reader.at));
}

function parseEscape(reader: Reader, flags: Flags): RegexpNode {
  const letter = reader.text.charAt(reader.at + 1);
  const assertion = Object.hasOwn(ESCAPED_ASSERTIONS, letter)
    ? ESCAPED_ASSERTIONS[letter]
    : undefined;
  if (assertion !== undefined) {
    reader.at += 2;
    return { kind: "assert", assertion };
  }
  const test = parseEscapedClass(reader);
  return test === undefined ? literal(parseEscapedPoint(reader), flags) : single(test);
}

function parseNamedClass(reader: Reader): CharTest | undefined {
  const match = /^\[:(\^?)(\w*):\]/.exec(rest(reader));
  if (match === null) return undefined;
  const [whole, caret, name = ""] = match;
  const pattern = Object.hasOwn(ASCII_CLASSES, name) ? ASCII_CLASSES[name] : undefined;
  reader.at += whole.length;
  return pattern === undefined
    ? fail("invalid character class range", whole)
    : testOf(pattern, caret === "^");
}

function parseClassPoint(reader: Reader, classStart: number): number {
  if (reader.at >= reader.text.length) fail("missing closing ]", rest(reader, classStart));
  return reader.text.charAt(reader.at) === "\\" ? parseEscapedPoint(reader) : takePoint(reader);
}

function parseClassRange(reader: Reader, classStart: number, flags: Flags): CharTest {
  const start = reader.at;
  const low = parseClassPoint(reader, classStart);
  const isRange = /^-[^\]]/s.test(rest(reader));
  if (isRange) reader.at += 1;
  const high = isRange ? parseClassPoint(reader, classStart) : low;
  if (high < low) fail("invalid character class range", reader.text.slice(start, reader.at));
  const test: CharTest = (point) => point >= low && point <= high;
  return flags.ignoreCase ? (point) => test(point) || foldings(point).some(test) : test;
}

function parseClass(reader: Reader, flags: Flags): CharTest {
  const start = reader.at;
  reader.at += 1;
  const negated = skip(reader, "^");
  const tests: CharTest[] = [];
  do {
    if (reader.at >= reader.text.length) fail("missing closing ]", rest(reader, start));
    tests.push(
      parseNamedClass(reader) ?? parseEscapedClass(reader) ?? parseClassRange(reader, start, flags),
    );
  } while (reader.text.charAt(reader.at) !== "]");
  reader.at += 1;
  return (point) => tests.some((test) => test(point)) !== negated;
}

/** Parses a pattern; a failure carries Go's message. */
export function parseRegexp(text: string): ParsedRegexp {
  const reader: Reader = { text, at: 0, depth: 0 };
  try {
    const node = parseAlternatives(reader, NO_FLAGS);
    if (reader.at < text.length) fail("unexpected )", text);
    return { ok: true, node };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { ok: false, message: error.message };
  }
}
