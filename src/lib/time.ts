// Time as a value. Inside, a moment is a number of milliseconds since the Unix epoch (UTC);
// on the wire it is RFC 3339 with whole seconds, as Kubernetes writes it.

export type EpochMs = number;

/** RFC 3339 in UTC with whole seconds (fractions are cut), e.g. `2026-11-21T06:48:00Z`. */
export function formatTime(atMs: EpochMs): string {
  return `${new Date(Math.floor(atMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch, or undefined if the text is absent or no RFC 3339 time. */
export function parseTime(text: string | null | undefined): EpochMs | undefined {
  if (text === undefined || text === null || !/^\d{4}-\d\d-\d\d[Tt]/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}
