// The plugin's colours: every sign and name in codes, of none where no colour applies; in a pipe, too.
// Off with --no-color and TERM=dumb only.
import { forcedPaint, plainPaint, type Paint } from "../render/paint.ts";
import { flag } from "../command.ts";
import type { Flag } from "./flags.ts";
import type { PluginCall } from "./plugin-command.ts";

export const noColorFlag: Flag = {
  name: "no-color",
  type: "bool",
  about: "Do not colorize output",
};

export function pluginPaint(call: PluginCall): Paint {
  return flag(call, "noColor") || call.cli.env["TERM"] === "dumb" ? plainPaint : forcedPaint;
}
