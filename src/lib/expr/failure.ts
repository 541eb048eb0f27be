/** Where in the text something is: offset from 0 (UTF-16 units), line and column from 1. */
export interface ExprPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface ExprError {
  /** The cause alone, as expr words it, without position or excerpt. */
  readonly message: string;
  readonly position: ExprPosition;
}

/** Thrown inside this room only; the functions of expr.ts turn it into a result. */
export class ExprFailure extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export function failAt(offset: number, message: string): never {
  throw new ExprFailure(message, offset);
}

export function positionAt(text: string, offset: number): ExprPosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { offset, line: before.split("\n").length, column: offset - lineStart + 1 };
}
