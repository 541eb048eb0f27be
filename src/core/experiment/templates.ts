import { experimentTemplateAnnotation } from "../../api/argo/keys.ts";
import type {
  Experiment,
  ExperimentTemplate,
  TemplatePhase,
  TemplateStatus,
} from "../../api/argo/experiment.ts";
import { defaultProgressDeadlineSeconds } from "../../api/argo/validate/experiment.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import { isControlledBy, type StringMap } from "../../api/meta/object.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { availableReplicas, readyReplicas, statusReplicas } from "../replicas/replica-set.ts";
import type { ObservedExperiment, Refusal } from "./decision.ts";
import { serviceName, templateHash, templateSize } from "./template-objects.ts";

/** One template with what there is of it. */
export interface TemplateView {
  readonly template: ExperimentTemplate;
  readonly before: TemplateStatus | undefined;
  readonly replicaSet: ReplicaSet | undefined;
  /** The Service that has the name this template wants. */
  readonly service: Service | undefined;
  readonly wantedService: string | undefined;
}

export function isTemplateCompleted(phase: TemplatePhase | undefined): boolean {
  return phase === "Successful" || phase === "Failed" || phase === "Error";
}

function annotated(
  object: { readonly metadata: { readonly annotations?: StringMap } },
  name: string,
): boolean {
  return object.metadata.annotations?.[experimentTemplateAnnotation] === name;
}

export function templateViews({
  experiment,
  replicaSets,
  services,
}: ObservedExperiment): readonly TemplateView[] {
  return experiment.spec.templates.map((template): TemplateView => {
    const wantedService = serviceName(experiment, template);
    return {
      template,
      before: experiment.status?.templateStatuses?.find(({ name }) => name === template.name),
      replicaSet: replicaSets.find((set) => annotated(set, template.name)),
      service: services.find(({ metadata }) => metadata.name === wantedService),
      wantedService,
    };
  });
}

export function isServiceOurs(view: TemplateView, experiment: Experiment): boolean {
  const { service, template } = view;
  return (
    service !== undefined &&
    isControlledBy(service, experiment) &&
    annotated(service, template.name)
  );
}

export function isAvailable({ template, replicaSet }: TemplateView): boolean {
  const wanted = templateSize(template);
  return replicaSet !== undefined && availableReplicas(replicaSet) === wanted;
}

export interface TemplateFate {
  /** The experiment comes to its end, whatever the reason. */
  readonly ending: boolean;
  /** Its duration is over and nobody needs the pods any more. */
  readonly isOver: boolean;
}

interface Judged {
  readonly status: TemplatePhase;
  readonly message?: string | undefined;
}

const refusalTexts = {
  replicaSet: (name: string, { message }: Refusal) =>
    `Failed to create ReplicaSet for template '${name}': ${message}`,
  scale: (name: string, { message }: Refusal, size: number) =>
    `Unable to scale ReplicaSet for template '${name}' to desired replica count '${size}': ${message}`,
  service: (name: string, { message }: Refusal) =>
    `Failed to create Service for template '${name}': ${message}`,
} as const;

/** What makes going on impossible: something refused, or a Service that belongs to somebody else. */
function obstacle(
  view: TemplateView,
  { experiment, refusals }: ObservedExperiment,
): string | undefined {
  const { name } = view.template;
  for (const refusal of refusals) {
    if (refusal.what === "analysisRun" || refusal.target !== name) continue;
    return refusalTexts[refusal.what](name, refusal, templateSize(view.template));
  }
  if (view.service === undefined || isServiceOurs(view, experiment)) return undefined;
  const service = view.service.metadata.name;
  const problem = `service ${service} already exists and is not owned by experiment template ${name}`;
  return `Failed to create Service ${service} for template '${name}': ${problem}`;
}

type Counters = Pick<
  TemplateStatus,
  "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas"
>;

function countersOf({ replicaSet }: TemplateView): Counters {
  const replicas = statusReplicas(replicaSet);
  return {
    replicas,
    updatedReplicas: replicas,
    readyReplicas: readyReplicas(replicaSet),
    availableReplicas: availableReplicas(replicaSet),
  };
}

function changed(before: TemplateStatus | undefined, counters: Counters): boolean {
  if (before === undefined) return true;
  return (Object.keys(counters) as (keyof Counters)[]).some((key) => before[key] !== counters[key]);
}

/** When the template fails unless it moves; undefined while it is available. */
export function progressDeadlineMs(
  view: TemplateView,
  { spec }: Experiment,
  now: EpochMs,
): EpochMs | undefined {
  if (isAvailable(view) || isTemplateCompleted(view.before?.status)) return undefined;
  const seconds = spec.progressDeadlineSeconds ?? defaultProgressDeadlineSeconds;
  const sinceMs = changed(view.before, countersOf(view))
    ? now
    : (parseTime(view.before?.lastTransitionTime) ?? now);
  return sinceMs + seconds * 1000;
}

function judged(
  view: TemplateView,
  observed: ObservedExperiment,
  fate: TemplateFate,
  now: EpochMs,
): Judged {
  const { template, before } = view;
  if (before?.status !== undefined && isTemplateCompleted(before.status)) {
    return { status: before.status, message: before.message };
  }
  const problem = obstacle(view, observed);
  if (problem !== undefined) return { status: "Error", message: problem };
  if (fate.ending) return { status: "Successful" };
  if (isAvailable(view)) return { status: fate.isOver ? "Successful" : "Running" };
  const deadlineMs = progressDeadlineMs(view, observed.experiment, now);
  if (deadlineMs === undefined || now < deadlineMs) return { status: "Progressing" };
  const seconds =
    observed.experiment.spec.progressDeadlineSeconds ?? defaultProgressDeadlineSeconds;
  const message = `Template '${template.name}' exceeded its progressDeadlineSeconds (${seconds})`;
  return { status: "Failed", message };
}

function serviceFields(view: TemplateView, isCompleted: boolean): Partial<TemplateStatus> {
  const { wantedService, template, service } = view;
  if (wantedService === undefined || (isCompleted && service === undefined)) return {};
  return { serviceName: wantedService, podTemplateHash: templateHash(template) };
}

/** The template's new status; `fate` says whether it may come to an end now. */
export function templateStatus(
  view: TemplateView,
  observed: ObservedExperiment,
  fate: TemplateFate,
  now: EpochMs,
): TemplateStatus {
  const { template, before } = view;
  const { status, message } = judged(view, observed, fate, now);
  const counters = countersOf(view);
  const moved = changed(before, counters) || before?.status !== status;
  const at = moved ? formatTime(now) : before.lastTransitionTime;
  const { collisionCount } = before ?? {};
  return {
    name: template.name,
    ...counters,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    status,
    ...(message === undefined ? {} : { message }),
    ...(at === undefined ? {} : { lastTransitionTime: at }),
    ...serviceFields(view, isTemplateCompleted(status)),
  };
}
