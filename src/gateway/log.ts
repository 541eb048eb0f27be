// The gateway's log: one line per second and kind of loss at most, with the number of those left out, so that
// a dead backend under load does not fill the disk.
import type { Logger } from "pino";
import type { ListenerLog } from "./proxy/listener.ts";

const quietMs = 1_000;

export function lossLog(logger: Logger): ListenerLog {
  const recent = new Map<string, { saidAtMs: number; leftOut: number }>();
  return {
    lost(listener, kind, message) {
      const nowMs = Date.now();
      const said = recent.get(kind);
      if (said && nowMs - said.saidAtMs < quietMs) {
        said.leftOut += 1;
        return;
      }
      logger.warn({ listener, kind, leftOut: said?.leftOut ?? 0 }, message);
      recent.set(kind, { saidAtMs: nowMs, leftOut: 0 });
    },
  };
}
