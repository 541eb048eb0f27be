import type { Experiment } from "../../../api/argo/experiment.ts";
import { experimentColumns, experimentRow } from "../../render/list-rows.ts";
import { list, type Listing } from "../lists.ts";
import type { PluginCommand } from "../plugin-command.ts";

const listing: Listing = {
  kind: "Experiment",
  columns: experimentColumns,
  row: (object, now) => experimentRow(object as Experiment, now),
  widths: [10, 6, 8, 9, 3],
};

export const command: PluginCommand = {
  flags: [{ name: "all-namespaces", short: "A", type: "bool", about: "Include all namespaces" }],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  run: async (call) => list(listing, call),
};
