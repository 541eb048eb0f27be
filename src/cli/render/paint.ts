// Colour only where it is seen: on a terminal, unless NO_COLOR or TERM=dumb says otherwise.
import type { Tint } from "../../core/view/icons.ts";

export type Paint = (text: string, tint: Tint) => string;

const codes: Readonly<Record<Tint, number>> = {
  none: 0,
  yellow: 33,
  lightBlue: 94,
  red: 31,
  green: 32,
};

export const plainPaint: Paint = (text) => text;

export const colourPaint: Paint = (text, tint) =>
  tint === "none" ? text : `\u001b[${codes[tint]}m${text}\u001b[0m`;

/** In codes even where no colour applies, as Argo's plugin writes. */
export const forcedPaint: Paint = (text, tint) => `\u001b[${codes[tint]}m${text}\u001b[0m`;

export interface PaintChoice {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly noColorFlag: boolean;
}

/** https://no-color.org: any non-empty NO_COLOR turns colour off; FORCE_COLOR turns it on in a pipe. */
export function choosePaint({ isTerminal, env, noColorFlag }: PaintChoice): Paint {
  const forced = env["FORCE_COLOR"] ?? "";
  const isOff =
    noColorFlag ||
    (env["NO_COLOR"] ?? "") !== "" ||
    env["TERM"] === "dumb" ||
    ["0", "false"].includes(forced);
  if (isOff) return plainPaint;
  return isTerminal || forced !== "" ? colourPaint : plainPaint;
}
