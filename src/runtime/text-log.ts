// Log lines for people and for tools that read logfmt: time="…" level=info msg="…" key=value.
import { formatTime } from "../lib/time.ts";
import type { Clock } from "./clock.ts";
import type { LogFields, Logger } from "./log.ts";
import { logLevels, type LogLevel } from "./pino-log.ts";

export interface TextLogOptions {
  readonly level: LogLevel;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}

function textOf(value: unknown): string {
  const text =
    value instanceof Error
      ? (value.stack ?? value.message)
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  return /^[\w./:@^+-]+$/.test(text) ? text : JSON.stringify(text);
}

function pairs(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${textOf(value)}`)
    .join("");
}

export function textLogger(options: TextLogOptions, always: LogFields = {}): Logger {
  const { level: least, clock, write } = options;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(level) < logLevels.indexOf(least)) return;
      const time = formatTime(clock.now());
      const all = pairs({ ...always, ...fields });
      write(`time="${time}" level=${level} msg=${JSON.stringify(message)}${all}\n`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => textLogger(options, { ...always, ...fields }),
  };
}
