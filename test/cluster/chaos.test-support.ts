// The deliveries chaos.test.ts disturbs, and what must be true of each whatever happens to the
// controller meanwhile: no step is skipped, and nobody passes a gate before the judge has said yes.
import { revisionAnnotation } from "../../src/api/argo/keys.ts";
import { formatTime, parseTime } from "../../src/lib/time.ts";
import { hashOf, ownerOf, statusOf, type Moment } from "./history.test-support.ts";
import type { Loose } from "./cluster.test-support.ts";
import { rolloutYaml, serviceYaml } from "./rollouts.test-support.ts";

export interface Story {
  readonly name: string;
  readonly kind: StoryKind;
}

export const storyKinds = [
  "canary",
  "failing canary",
  "aborted canary",
  "blue-green",
  "failing blue-green",
] as const;
export type StoryKind = (typeof storyKinds)[number];

const replicas = 2;
/** Pods of the new version before its gate: the canary's share, or all of a preview. */
const shareBeforeGate = 1;
const pauseMs = 1000;

export function endsWell({ kind }: Story): boolean {
  return kind === "canary" || kind === "blue-green";
}

function isCanary({ kind }: Story): boolean {
  return kind.endsWith("canary");
}

/** Where the story's rollout rests at the end. */
export function isOver(story: Story, rollout: Loose): boolean {
  const { phase, abort, stableRS, currentPodHash, currentStepIndex } = statusOf(rollout);
  if (!endsWell(story))
    return phase === "Degraded" && abort === true && stableRS !== currentPodHash;
  const isThrough = !isCanary(story) || currentStepIndex === 3;
  return phase === "Healthy" && stableRS === currentPodHash && isThrough;
}

export function templateYaml(name: string, url: string): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: ${name} }
spec:
  metrics:
    - name: check
      interval: 1s
      count: 2
      successCondition: result == 1
      provider: { web: { url: "${url}/${name}", jsonPath: "{$.value}" } }
---`;
}

const strategies: Readonly<Record<StoryKind, (name: string) => string>> = {
  canary: () => canary("{ analysis: { templates: [{ templateName: good }] } }"),
  "failing canary": () => canary("{ analysis: { templates: [{ templateName: bad }] } }"),
  "aborted canary": () => canary("{ pause: {} }"),
  "blue-green": (name) => blueGreen(name, "good"),
  "failing blue-green": (name) => blueGreen(name, "bad"),
};

function canary(gate: string): string {
  return `    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps: [{ setWeight: 50 }, ${gate}, { pause: { duration: ${pauseMs / 1000}s } }]
`;
}

function blueGreen(name: string, template: string): string {
  return `    blueGreen:
      activeService: ${name}
      scaleDownDelaySeconds: 1
      prePromotionAnalysis: { templates: [{ templateName: ${template} }] }
`;
}

export function storyYaml({ name, kind }: Story): string {
  const services = kind.endsWith("canary") ? "" : serviceYaml(name, name);
  return services + rolloutYaml({ name, replicas, strategy: strategies[kind](name) });
}

/** What belongs to one story, in order, and the hash of its second version. */
interface Evidence {
  readonly story: Story;
  readonly rollouts: readonly Moment[];
  readonly others: readonly Moment[];
  readonly newHash: string;
}

function evidenceOf(story: Story, moments: readonly Moment[]): Evidence {
  const isRollout = ({ kind, object }: Moment): boolean =>
    kind === "Rollout" && object.metadata.name === story.name;
  const isItsOwn = ({ kind, object }: Moment): boolean =>
    kind === "Service" ? object.metadata.name === story.name : ownerOf(object) === story.name;
  const rollouts = moments.filter(isRollout);
  const last = rollouts.at(-1);
  const currentPodHash = last && statusOf(last.object)["currentPodHash"];
  const newHash = typeof currentPodHash === "string" ? currentPodHash : "";
  return { story, rollouts, others: moments.filter(isItsOwn), newHash };
}

function stepIndexOf({ object }: Moment): number {
  return Number(statusOf(object)["currentStepIndex"] ?? 0);
}

function isAborted({ object }: Moment): boolean {
  return statusOf(object)["abort"] === true;
}

/** From 0 on one by one; back only by an abort. */
function skippedSteps({ rollouts, newHash }: Evidence): readonly string[] {
  const ofNew = rollouts.filter(({ object }) => statusOf(object)["currentPodHash"] === newHash);
  let before = 0;
  return ofNew.flatMap((moment) => {
    const index = stepIndexOf(moment);
    const isRight = index === before || index === before + 1 || (index === 0 && isAborted(moment));
    const found = isRight ? [] : [`step ${before} was followed by step ${index}`];
    before = index;
    return found;
  });
}

/** The pause was there to be seen, and for its time. */
function skippedPauses({ rollouts, newHash, story }: Evidence): readonly string[] {
  if (story.kind !== "canary") return [];
  const passed = rollouts.find(
    (moment) => stepIndexOf(moment) === 3 && statusOf(moment.object)["currentPodHash"] === newHash,
  );
  const begun = rollouts.flatMap(({ object }) => {
    const { currentPodHash, currentStepIndex, pauseConditions } = statusOf(object);
    const isThere = currentPodHash === newHash && currentStepIndex === 2;
    const [pause] = isThere ? ((pauseConditions ?? []) as { startTime?: string }[]) : [];
    return pause ? [parseTime(pause.startTime) ?? Infinity] : [];
  });
  if (!passed || begun.length === 0) return ["the pause was never seen"];
  const lastedMs = passed.heardMs - Math.min(...begun);
  return lastedMs >= pauseMs ? [] : [`the pause lasted ${lastedMs} ms`];
}

/** The version of the verdict that opens the gate; Infinity if there is none. */
function openedAt({ others, newHash }: Evidence): number {
  const verdict = others.find(
    ({ kind, object }) =>
      kind === "AnalysisRun" &&
      hashOf(object) === newHash &&
      statusOf(object)["phase"] === "Successful",
  );
  return verdict?.version ?? Infinity;
}

function selectedHash({ spec = {} }: Loose): unknown {
  return (spec["selector"] as Record<string, unknown>)["rollouts-pod-template-hash"];
}

function isBehindGate({ kind, object }: Moment, { newHash, story }: Evidence): boolean {
  if (kind === "Service") return selectedHash(object) === newHash;
  if (kind === "Rollout") return statusOf(object)["stableRS"] === newHash;
  if (kind !== "ReplicaSet" || !isCanary(story) || hashOf(object) !== newHash) return false;
  return Number(object.spec?.["replicas"] ?? 0) > shareBeforeGate;
}

function earlyThroughGate(evidence: Evidence): readonly string[] {
  const opened = openedAt(evidence);
  return [...evidence.rollouts, ...evidence.others]
    .filter((moment) => isBehindGate(moment, evidence) && moment.version < opened)
    .map(({ kind, version }) => `${kind} at ${version}, before the gate opened at ${opened}`);
}

/** Each gate is asked once, however often the controller died in front of it. */
function repeatedRuns({ others, newHash, story }: Evidence): readonly string[] {
  const names = others
    .filter(({ kind, object }) => kind === "AnalysisRun" && hashOf(object) === newHash)
    .map(({ object }) => object.metadata.name);
  const wanted = story.kind === "aborted canary" ? 0 : 1;
  const made = [...new Set(names)];
  return made.length === wanted
    ? []
    : [`${made.length} analysis runs instead of ${wanted}: ${made.join(", ")}`];
}

/** Everything that is wrong about what was recorded; nothing = as it should be. */
export function problemsOf(story: Story, moments: readonly Moment[]): readonly string[] {
  const evidence = evidenceOf(story, moments);
  const hashes = new Set(evidence.rollouts.map(({ object }) => statusOf(object)["currentPodHash"]));
  hashes.delete(undefined);
  const found = [
    ...(hashes.size === 2 ? [] : [`${hashes.size} versions were seen instead of 2`]),
    ...skippedSteps(evidence),
    ...skippedPauses(evidence),
    ...earlyThroughGate(evidence),
    ...repeatedRuns(evidence),
  ];
  return found.map((problem) => `${story.name} (${story.kind}): ${problem}`);
}

/** What happened to one story, a line for each change, for the log of a run that found a problem. */
export function chronicleOf(story: Story, moments: readonly Moment[]): string {
  const { rollouts, others } = evidenceOf(story, moments);
  const lines = [...rollouts, ...others]
    .toSorted((a, b) => a.version - b.version)
    .map(({ type, kind, object, version, heardMs }) => {
      const { name, creationTimestamp, annotations = {} } = object.metadata;
      const revision = annotations[revisionAnnotation];
      const { replicas: size, selector, terminate } = object.spec ?? {};
      const said = { creationTimestamp, revision, size, selector, terminate, ...statusOf(object) };
      return `${version} ${formatTime(heardMs)} ${type} ${kind} ${name} ${JSON.stringify(said)}`;
    });
  return lines.join("\n");
}
