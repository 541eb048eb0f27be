// Starts one attempt of a container, and runs its probes and hooks: what a pod's worker does that
// takes longer than a look.
import type { Container, Pod } from "../../api/kubernetes/pod.ts";
import { refOf } from "../../api/meta/object.ts";
import { errorText } from "../../runtime/log.ts";
import { runCheck } from "./launch/checks.ts";
import type { CheckContext } from "./launch/checks.ts";
import { planLaunch } from "./launch/plan.ts";
import type { LaunchPlan, PlanResult } from "./launch/plan.ts";
import { portsAnnotation } from "./launch/ports.ts";
import { logFile, pruneAttempts } from "./logs/log-files.ts";
import { probeOf } from "./supervisor/probing.ts";
import type { Action, Result } from "./supervisor/record.ts";
import type { PodInCare, WorkerTools } from "./worker-tools.ts";

const keptAttemptLogs = 5;

interface Start {
  readonly container: Container;
  readonly attempt: number;
  /** The process this kubelet started has ended. */
  readonly onExit: () => void;
}

/** Launches the attempt. Never rejects: a launch that failed is a result, too. */
export async function startContainer(
  { container, attempt, onExit }: Start,
  care: PodInCare,
  tools: WorkerTools,
): Promise<Result> {
  const { name } = container;
  const blocked = (reason: "CreateContainerError", message: string): Result => ({
    kind: "blocked",
    container: name,
    attempt,
    reason,
    message,
  });
  try {
    await assignPorts(container, care, tools);
    const planned = await planOf(container, care, tools);
    if (!planned.ok) {
      const { reason, message } = planned;
      return { kind: "blocked", container: name, attempt, reason, message };
    }
    const { imageDirectory } = planned.plan;
    const image = `Container image "${container.image ?? ""}"`;
    await care.tell("Normal", "Pulled", `${image} is the directory ${imageDirectory}`);
    await launch({ container, attempt, onExit }, planned.plan, { care, tools });
    return { kind: "launched", container: name, attempt, imageId: `dir:${imageDirectory}` };
  } catch (error) {
    const why = errorText(error);
    return blocked(
      "CreateContainerError",
      `container ${name}: it could not be started: ${why}; it is tried again`,
    );
  }
}

interface Workplace {
  readonly care: PodInCare;
  readonly tools: WorkerTools;
}

async function launch(
  { container: { name }, attempt, onExit }: Start,
  plan: LaunchPlan,
  { care, tools }: Workplace,
): Promise<void> {
  const { uid, namespace, name: pod } = care.record;
  const { logRoot, processes, followLog } = tools;
  const owner = { namespace, pod, uid };
  const path = logFile(logRoot, owner, name, attempt);
  if (care.signal.aborted) throw new Error("the kubelet stops");
  const slot = { podUid: uid, container: name, attempt };
  await processes.launch(slot, { ...plan, logFile: path }, onExit);
  followLog(path);
  pruneAttempts(logRoot, owner, { container: name, keep: keptAttemptLogs });
}

async function planOf(
  container: Container,
  { pod, record }: PodInCare,
  { images, source }: WorkerTools,
): Promise<PlanResult> {
  return planLaunch({ pod, container, ports: record.ports }, images(), source);
}

/** Ports are on record and on the pod before the process that listens there exists. */
async function assignPorts(
  container: Container,
  care: PodInCare,
  { ports, store, remember }: WorkerTools,
): Promise<void> {
  const { uid } = care.record;
  const assigned = await ports.assign(uid, container, care.record.ports);
  care.recordPorts(assigned);
  const text = JSON.stringify(assigned);
  if (
    Object.keys(assigned).length === 0 ||
    care.pod.metadata.annotations?.[portsAnnotation] === text
  )
    return;
  const body = { metadata: { uid, annotations: { [portsAnnotation]: text } } };
  const patched = await store.patch<Pod>(refOf(care.pod), { type: "merge", body });
  remember(patched);
  care.replace(patched);
}

type Check = Extract<Action, { readonly kind: "hook" | "probe" }>;

/** Carries a probe or a hook out and says how it went; never rejects. */
export async function checkContainer(
  action: Check,
  container: Container,
  { care, tools }: Workplace,
): Promise<Result> {
  const isProbe = action.kind === "probe";
  const probe = isProbe ? probeOf(container, action.probe) : undefined;
  const what = isProbe ? probe : container.lifecycle?.[action.hook];
  const context: CheckContext = {
    container,
    ports: care.record.ports,
    plan: async () => {
      const planned = await planOf(container, care, tools);
      if (planned.ok) return planned.plan;
      throw new Error(planned.message);
    },
    clock: tools.clock,
  };
  const hookTimeoutMs = (care.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  const timeoutMs = isProbe ? (probe?.timeoutSeconds ?? 1) * 1000 : hookTimeoutMs;
  return { ...action, ...(await runCheck(what ?? {}, context, timeoutMs)) };
}
