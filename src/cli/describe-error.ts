// What a person sees of an error: its message with the code under which docs/errors.md explains it,
// no stack unless HALDANE_DEBUG asks for it.
import { haldaneError, isHaldaneError } from "../lib/errors.ts";

type Env = Readonly<Record<string, string | undefined>>;

export function describeError(error: unknown, env: Env): string {
  if (!(error instanceof Error)) return String(error);
  if ((env["HALDANE_DEBUG"] ?? "") !== "") return error.stack ?? error.message;
  if (isHaldaneError(error)) return `${error.message} [${error.code}]`;
  const { code, path: where = "the data directory" } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return describeError(haldaneError("DISK_FULL", { where }), env);
  const isUnexpected =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  const hint = isUnexpected
    ? "\nThis is a mistake in Haldane. HALDANE_DEBUG=1 shows where; please report it."
    : "";
  return `${error.message}${hint}`;
}
