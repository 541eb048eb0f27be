// A view that is kept open reads the server only when something has changed, and goes on over a server
// that cannot be asked for a while, as Argo's plugin does, which looks into a cache of its own.
import { isStoreError, type StoreErrorReason } from "../../objects/object-store.ts";

const outages: readonly StoreErrorReason[] = [
  "InternalError",
  "ServiceUnavailable",
  "Timeout",
  "TooManyRequests",
];

export interface Read<T> {
  readonly value: T;
  /** The server could not be asked: this was read before. */
  readonly isOld: boolean;
}

/**
 * Reads when there is news or the last attempt failed. A failure is thrown until something was read, and when
 * more than `mostFailures` come in a row.
 */
export function lastRead<T>(
  read: () => Promise<T>,
  mostFailures = Infinity,
): (isNews: boolean) => Promise<Read<T>> {
  let last: Read<T> | undefined;
  let failures = 0;
  return async (isNews) => {
    if (last !== undefined && !isNews && !last.isOld) return last;
    try {
      last = { value: await read(), isOld: false };
      failures = 0;
    } catch (error) {
      const isOutage = isStoreError(error) && outages.includes(error.reason);
      failures += 1;
      if (last === undefined || !isOutage || failures > mostFailures) throw error;
      last = { value: last.value, isOld: true };
    }
    return last;
  };
}
