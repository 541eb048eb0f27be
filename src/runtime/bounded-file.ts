// A log file that does not fill the disk: when it has grown large, what it holds becomes `<file>.1` in
// place of the one before, and it begins anew. Whoever has it open for appending writes on, also the
// operating system on behalf of a process that crashes; what is written during the cut can be lost.
import { copyFile, rename, stat, truncate } from "node:fs/promises";

const defaultLimitBytes = 8 * 1_048_576;
const checkEveryMs = 10_000;

/** Cuts the file if it is larger than that. False where it is not, or not there. */
export async function cutIfLarge(file: string, limitBytes = defaultLimitBytes): Promise<boolean> {
  try {
    if ((await stat(file)).size <= limitBytes) return false;
    await copyFile(file, `${file}.1.new`);
    await rename(`${file}.1.new`, `${file}.1`);
    await truncate(file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

export interface BoundedFile {
  readonly file: string;
  readonly limitBytes?: number;
  readonly everyMs?: number;
  /** Told when it could not be cut; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Looks at the file every few seconds, without keeping the process alive; returns what ends it. */
export function keepBounded({
  file,
  limitBytes,
  everyMs = checkEveryMs,
  onError,
}: BoundedFile): () => void {
  let isCutting = false;
  const timer = setInterval(() => {
    if (isCutting) return;
    isCutting = true;
    cutIfLarge(file, limitBytes)
      .catch(onError)
      .finally(() => {
        isCutting = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
