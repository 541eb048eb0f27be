// Redraws lines in place on a terminal; elsewhere prints them when they say something new.
import type { CliContext, OutputStream } from "../command.ts";
import { displayWidth } from "./table.ts";

export interface Screen {
  /** `fingerprint`: what must differ for the lines to be printed again where nothing can be redrawn. */
  show(lines: readonly string[], fingerprint?: string): void;
}

const escape = "\u001b";
const home = "\u001b[H";
const clearBelow = "\u001b[0J";
const clearLine = "\u001b[K";
const clearAll = "\u001b[2J";
const escapeCodes = new RegExp(`(${escape}\\[[0-9;]*m)`);

type Terminal = Pick<CliContext, "stdout" | "env">;

/** Whether a picture can be drawn over: on a terminal, unless it says that it can only print. */
export function canRedraw({ stdout, env }: Terminal): boolean {
  return stdout.isTTY === true && env["TERM"] !== "dumb";
}

/** The columns a live picture has to do with; undefined where it is printed as it is. */
export function liveColumns(terminal: Terminal): number | undefined {
  return canRedraw(terminal) ? (terminal.stdout.columns ?? 80) : undefined;
}

/** A line that wrapped would push the picture down at each redraw. Escape codes take no room. */
export function clipped(line: string, columns: number): string {
  if (displayWidth(line) <= columns) return line;
  let room = columns;
  const parts = line.split(escapeCodes).map((part) => {
    if (escapeCodes.test(part)) return part;
    const kept = Array.from(part).slice(0, room);
    room -= kept.length;
    return kept.join("");
  });
  return parts.join("");
}

function fitted(
  lines: readonly string[],
  { columns = 80, rows = 24 }: OutputStream,
): readonly string[] {
  const most = Math.max(3, rows - 1);
  const left = lines.length - most + 1;
  const shown =
    lines.length <= most
      ? lines
      : [...lines.slice(0, most - 1), `… ${left} more lines; a taller window shows them`];
  return shown.map((line) => clipped(line, columns));
}

export function openScreen(terminal: Terminal): Screen {
  const { stdout: output } = terminal;
  let last: string | undefined;
  return {
    show(lines, fingerprint = lines.join("\n")) {
      const isFirst = last === undefined;
      if (canRedraw(terminal)) {
        const body = fitted(lines, output)
          .map((line) => `${line}${clearLine}`)
          .join("\n");
        output.write(`${isFirst ? clearAll : ""}${home}${body}\n${clearBelow}`);
      } else if (fingerprint !== last) {
        output.write(`${isFirst ? "" : "\n"}${lines.join("\n")}\n`);
      }
      last = fingerprint;
    },
  };
}
