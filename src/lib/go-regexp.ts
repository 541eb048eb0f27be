// Regular expressions as Go reads them (RE2): same syntax, same error texts, and matching in time linear in the text.
// JavaScript's own engine differs in syntax and can be made to run for ever by a hostile pattern. Only the question
// "does it match anywhere" is answered; greediness and groups make no difference to it.

import { parseRegexp } from "./go-regexp-parser.ts";
import type { Assertion, CharTest, RegexpNode } from "./go-regexp-parser.ts";

export type GoRegexp =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  /** `error parsing regexp: missing closing ): …`, the pattern in backquotes. */
  | { readonly ok: false; readonly message: string };

type Instruction =
  | { readonly op: "char"; readonly test: CharTest }
  | { readonly op: "assert"; readonly assertion: Assertion }
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "jump"; to: number }
  | { readonly op: "match" };

/** Nested repetitions multiply; beyond this size a pattern is refused. */
const MAX_INSTRUCTIONS = 10_000;

class TooLarge extends Error {}

function emit(program: Instruction[], instruction: Instruction): number {
  if (program.length >= MAX_INSTRUCTIONS) throw new TooLarge("expression too large");
  return program.push(instruction) - 1;
}

function compileAlternatives(program: Instruction[], alternatives: readonly RegexpNode[]): void {
  const jumps: { to: number }[] = [];
  for (const [index, alternative] of alternatives.entries()) {
    const isLast = index === alternatives.length - 1;
    const split: Instruction = { op: "split", first: program.length + 1, second: 0 };
    if (!isLast) emit(program, split);
    compileNode(program, alternative);
    if (isLast) break;
    const jump: Instruction = { op: "jump", to: 0 };
    emit(program, jump);
    jumps.push(jump);
    split.second = program.length;
  }
  for (const jump of jumps) jump.to = program.length;
}

function compileOptional(program: Instruction[], body: RegexpNode): void {
  const split: Instruction = { op: "split", first: program.length + 1, second: 0 };
  emit(program, split);
  compileNode(program, body);
  split.second = program.length;
}

function compileStar(program: Instruction[], body: RegexpNode): void {
  const split: Instruction = { op: "split", first: program.length + 1, second: 0 };
  const start = emit(program, split);
  compileNode(program, body);
  emit(program, { op: "jump", to: start });
  split.second = program.length;
}

function compileNode(program: Instruction[], node: RegexpNode): void {
  switch (node.kind) {
    case "empty":
      return;
    case "char":
      emit(program, { op: "char", test: node.test });
      return;
    case "assert":
      emit(program, { op: "assert", assertion: node.assertion });
      return;
    case "sequence":
      for (const item of node.items) compileNode(program, item);
      return;
    case "alternatives":
      compileAlternatives(program, node.items);
      return;
    case "repeat":
      for (let count = 0; count < node.min; count += 1) compileNode(program, node.body);
      if (node.max === undefined) compileStar(program, node.body);
      else
        for (let count = node.min; count < node.max; count += 1)
          compileOptional(program, node.body);
  }
}

function isWord(point: number | undefined): boolean {
  return point !== undefined && /^\w$/.test(String.fromCodePoint(point));
}

function holds(
  assertion: Assertion,
  before: number | undefined,
  after: number | undefined,
): boolean {
  switch (assertion) {
    case "textStart":
      return before === undefined;
    case "textEnd":
      return after === undefined;
    case "lineStart":
      return before === undefined || before === 10;
    case "lineEnd":
      return after === undefined || after === 10;
    case "wordBoundary":
      return isWord(before) !== isWord(after);
    case "noWordBoundary":
      return isWord(before) === isWord(after);
  }
}

/** Follows everything that consumes no character from `start`; returns true when the match is reached. */
function addThread(
  program: readonly Instruction[],
  threads: Set<number>,
  start: number,
  around: readonly [number | undefined, number | undefined],
): boolean {
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const instruction = program[at];
    if (instruction === undefined || threads.has(at)) continue;
    threads.add(at);
    if (instruction.op === "match") return true;
    if (instruction.op === "jump") open.push(instruction.to);
    else if (instruction.op === "split") open.push(instruction.second, instruction.first);
    else if (instruction.op === "assert" && holds(instruction.assertion, ...around))
      open.push(at + 1);
  }
  return false;
}

function run(program: readonly Instruction[], text: string): boolean {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  let threads = new Set<number>();
  for (let at = 0; ; at += 1) {
    const point = points[at];
    // The pattern may begin anywhere, so a new thread starts at each character.
    if (addThread(program, threads, 0, [points[at - 1], point])) return true;
    if (point === undefined) return false;
    const following = new Set<number>();
    for (const thread of threads) {
      const instruction = program[thread];
      if (instruction?.op !== "char" || !instruction.test(point)) continue;
      if (addThread(program, following, thread + 1, [point, points[at + 1]])) return true;
    }
    threads = following;
  }
}

/** Compiles a pattern. The returned `matches` looks anywhere in the text, as Go's MatchString does. */
export function compileGoRegexp(pattern: string): GoRegexp {
  const parsed = parseRegexp(pattern);
  if (!parsed.ok) return parsed;
  const program: Instruction[] = [];
  try {
    compileNode(program, parsed.node);
    emit(program, { op: "match" });
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { ok: false, message: `error parsing regexp: ${error.message}: \`${pattern}\`` };
  }
  return { ok: true, matches: (text) => run(program, text) };
}
