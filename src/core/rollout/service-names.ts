import type { CanaryStrategy } from "../../api/argo/rollout.ts";
import type { Course } from "./course.ts";

export interface CanaryServices {
  readonly canary: string | undefined;
  readonly stable: string | undefined;
}

/** Which Service is the canary's now: fixed by name, or alternating with ping-pong (empty counts as stable=pong). */
export function canaryAndStableServices(
  strategy: CanaryStrategy,
  course: Pick<Course, "stablePingPong">,
): CanaryServices {
  const { pingPong } = strategy;
  if (pingPong === undefined) {
    return { canary: strategy.canaryService, stable: strategy.stableService };
  }
  return course.stablePingPong === "ping"
    ? { canary: pingPong.pongService, stable: pingPong.pingService }
    : { canary: pingPong.pingService, stable: pingPong.pongService };
}
