import { complete } from "./step-outcome.ts";
import type { StepOutcome } from "./step-outcome.ts";

/** Header and mirror routes are a level, derived from the index (core/traffic/routes.ts): nothing to wait for. */
export function routeOutcome(): StepOutcome {
  return complete;
}
