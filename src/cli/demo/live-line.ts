// The demo's one line that is redrawn while it runs.

const widestState = 60;
const leastState = "  canary 100 %".length;

/** What happens at the left, as much of it as there is room for beside the counts. */
export function liveLine(happened: string, counts: string, columns: number): string {
  const room = Math.max(leastState, Math.min(widestState, columns - counts.length - 2));
  return `${happened.slice(0, room).padEnd(room)}  ${counts}`.slice(0, columns);
}
