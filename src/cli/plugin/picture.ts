// `get rollout` and `get experiment`: the picture, once or drawn again as things change.
import type { ListScope } from "../../objects/object-store.ts";
import { flag, type Connection } from "../command.ts";
import { follow } from "../live.ts";
import type { TreeOptions } from "../render/tree.ts";
import type { Flag } from "./flags.ts";
import { lastRead } from "./last-read.ts";
import type { PluginCall } from "./plugin-command.ts";
import { pluginPaint } from "./plugin-paint.ts";

/** Reads the world; the picture can then be drawn for any moment, a line each. */
export type Draw = () => Promise<Picture>;
type Picture = (options: TreeOptions) => readonly string[];

const redrawMs = 1000;
const leastBetweenMs = 200;
const clearScreen = "\u001b[H\u001b[2J\u001b[0;0H";

export const watchFlag: Flag = {
  name: "watch",
  short: "w",
  type: "bool",
  about: "Watch live updates",
};

function textOf(picture: Picture, call: PluginCall): string {
  const lines = picture({ paint: pluginPaint(call), now: call.cli.clock.now() });
  return lines.map((line) => `${line}\n`).join("");
}

/** Ends with 0 by Ctrl-C and when the time is up. */
export async function show(
  draw: Draw,
  call: PluginCall,
  { store }: Connection,
  scopes: readonly ListScope[],
): Promise<void> {
  const { cli } = call;
  if (!flag(call, "watch")) {
    cli.stdout.write(textOf(await draw(), call));
    return;
  }
  const seconds = call.options["timeoutSeconds"];
  const timeoutMs = typeof seconds === "number" ? seconds * 1000 : 0;
  const following = follow({ store, scopes, clock: cli.clock, signal: cli.signal, timeoutMs });
  const look = lastRead(draw);
  let isNews = true;
  try {
    while (!following.signal.aborted) {
      const { value: picture } = await look(isNews);
      cli.stdout.write(`${clearScreen}${textOf(picture, call)}`);
      await following.rest(leastBetweenMs);
      isNews = await following.changed(redrawMs - leastBetweenMs);
    }
  } finally {
    following.end();
  }
}
