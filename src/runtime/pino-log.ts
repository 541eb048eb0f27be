// The log of a real process: pino, loaded only when somebody logs, so that commands that do not start fast.
import type { Logger as PinoLogger } from "pino";
import type { LogFields, Logger } from "./log.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error if absent. */
  readonly write?: (line: string) => void;
}

function adapt(pino: PinoLogger): Logger {
  return {
    debug: (message, fields = {}) => pino.debug(fields, message),
    info: (message, fields = {}) => pino.info(fields, message),
    warn: (message, fields = {}) => pino.warn(fields, message),
    error: (message, fields = {}) => pino.error(fields, message),
    child: (fields: LogFields) => adapt(pino.child(fields)),
  };
}

/** One JSON object per line, with `level` as a word and `time` as RFC 3339. Errors in fields keep their stack. */
export async function pinoLogger(options: LogOptions): Promise<Logger> {
  const { destination, pino, stdSerializers, stdTimeFunctions } = await import("pino");
  const { write } = options;
  const target = write ? { write } : destination({ dest: 2, sync: true });
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { error: stdSerializers.err },
  };
  return adapt(pino(settings, target));
}
