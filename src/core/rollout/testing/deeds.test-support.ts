// Test support: what people do to a rollout, by name.
import type { Act } from "./play.test-support.ts";
import type { ToyWorld } from "./world.test-support.ts";

type Deed = Act["act"];

export const abort: Deed = (world: ToyWorld) => world.changeStatus({ abort: true });
export const retry: Deed = (world: ToyWorld) => world.changeStatus({ abort: false });
export const resume: Deed = (world: ToyWorld) => world.changeStatus({ pauseConditions: null });
export const promoteFully: Deed = (world: ToyWorld) => world.changeStatus({ promoteFull: true });
export const pause: Deed = (world: ToyWorld) => world.changeSpec({ paused: true });
export const unpause: Deed = (world: ToyWorld) => world.changeSpec({ paused: false });
export const scaleTo =
  (replicas: number): Deed =>
  (world: ToyWorld) =>
    world.changeSpec({ replicas });
/** As a forced server-side apply of the Service does: its selector is back to what the file says. */
export const rewriteService =
  (name: string): Deed =>
  (world: ToyWorld) =>
    world.rewriteService(name);
