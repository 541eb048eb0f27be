// What `get experiment NAME` prints: header lines, images, the tree (argo-kubectl-plugin.md §3).
import type { Experiment } from "../../api/argo/experiment.ts";
import { iconTint, statusIcon } from "../../core/view/icons.ts";
import { experimentView, imageViews, type BelowRollout } from "../../core/view/rollout-view.ts";
import { headerField, imageLines } from "./header.ts";
import { experimentTree, type TreeOptions } from "./tree.ts";

/** The whole screen, a line each. */
export function experimentScreen(
  experiment: Experiment,
  below: BelowRollout,
  options: TreeOptions,
): readonly string[] {
  const view = experimentView(experiment, below);
  const { revision, replicaSets } = view;
  const icon = statusIcon(view.status);
  const images = imageViews([{ revision, replicaSets, experiments: [], analysisRuns: [] }]);
  return [
    headerField("Name", view.name),
    headerField("Namespace", experiment.metadata.namespace ?? ""),
    headerField("Status", `${options.paint(icon, iconTint(icon))} ${view.status}`),
    ...(view.message === "" ? [] : [headerField("Message", view.message)]),
    ...imageLines(images, options.paint),
    "",
    ...experimentTree(view, options),
  ];
}
