import { rolloutColumns, rolloutRow } from "../../render/list-rows.ts";
import { list } from "../lists.ts";
import type { PluginCommand } from "../plugin-command.ts";

const listing = {
  kind: "Rollout",
  columns: rolloutColumns,
  row: rolloutRow,
  widths: [10, 9, 12, 4, 10, 5, 7, 10, 9],
} as const;

export const command: PluginCommand = {
  flags: [
    { name: "name", type: "string", about: "Only show rollout with specified name" },
    {
      name: "all-namespaces",
      short: "A",
      type: "bool",
      about: "Include all namespaces",
    },
    { name: "watch", short: "w", type: "bool", about: "Watch for changes" },
    { name: "timestamps", type: "bool", about: "Print timestamps on updates" },
  ],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  run: async (call) => list(listing, call),
};
