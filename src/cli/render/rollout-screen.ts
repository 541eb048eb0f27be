// What `get rollout NAME` prints: header lines, images, replicas, the tree (argo-kubectl-plugin.md §3).
import { undecidedVerdicts } from "../../core/view/awaited.ts";
import { iconTint, statusIcon } from "../../core/view/icons.ts";
import {
  canaryAvailable,
  imageViews,
  revisionViews,
  strategyNames,
  weightView,
  type ObservedTree,
  type RevisionView,
} from "../../core/view/rollout-view.ts";
import { asJson } from "../../api/meta/wire.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { headerField, imageLines } from "./header.ts";
import { podTroubles } from "./troubles.ts";
import { rolloutTree, type TreeOptions } from "./tree.ts";

function strategyLines(tree: ObservedTree, revisions: readonly RevisionView[]): readonly string[] {
  const lines = [headerField("Strategy", strategyNames[tree.rollout.spec.strategy.kind])];
  const weights = weightView(tree.rollout, canaryAvailable(revisions));
  if (!weights) return lines;
  return [
    ...lines,
    headerField("  Step", weights.step),
    headerField("  SetWeight", weights.setWeight),
    headerField("  ActualWeight", weights.actualWeight),
  ];
}

function replicaLines({ rollout }: ObservedTree): readonly string[] {
  const {
    replicas = 0,
    updatedReplicas = 0,
    readyReplicas = 0,
    availableReplicas = 0,
  } = rollout.status;
  return [
    "Replicas:",
    headerField("  Desired", rollout.spec.replicas ?? 1),
    headerField("  Current", replicas),
    headerField("  Updated", updatedReplicas),
    headerField("  Ready", readyReplicas),
    headerField("  Available", availableReplicas),
  ];
}

/** Not in Argo's plugin: what people have to decide and why pods do not start, which nothing above says. */
function troubleLines(tree: ObservedTree, { paint }: TreeOptions): readonly string[] {
  const troubles = [...undecidedVerdicts(tree.rollout), ...podTroubles(tree)];
  return troubles.length === 0
    ? []
    : ["", ...troubles.map((trouble) => `${paint("⚠", iconTint("⚠"))} ${trouble}`)];
}

/** The whole screen, a line each. */
export function rolloutScreen(tree: ObservedTree, options: TreeOptions): readonly string[] {
  return [...rolloutPicture(tree, options), ...troubleLines(tree, options)];
}

/** What Argo's plugin shows of a rollout, and nothing else. */
export function rolloutPicture(tree: ObservedTree, options: TreeOptions): readonly string[] {
  const { name, namespace = "", creationTimestamp } = tree.manifest.metadata;
  const { phase, message } = clientPhase(asJson(tree.manifest));
  const icon = statusIcon(phase);
  const revisions = revisionViews(tree);
  return [
    headerField("Name", name),
    headerField("Namespace", namespace),
    headerField("Status", `${options.paint(icon, iconTint(icon))} ${phase}`),
    ...(message === "" ? [] : [headerField("Message", message)]),
    ...strategyLines(tree, revisions),
    ...imageLines(imageViews(revisions), options.paint),
    ...replicaLines(tree),
    "",
    ...rolloutTree({ name, status: phase, createdAt: creationTimestamp }, revisions, options),
  ];
}
