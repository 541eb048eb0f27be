// Gives containers of an object another image: read, change, write. What we do not know of the object
// stays, and nobody else's change is lost.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { setImage } from "../core/rollout/commands.ts";
import type { JsonObject } from "../lib/json.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";
import { cliFieldManager } from "./apply-objects.ts";
import { CliError } from "./command.ts";

const mostTries = 5;

export interface ImageChange {
  /** `*` = every container. */
  readonly container: string;
  readonly image: string;
}

/** `read` gets the object or says in its caller's words that it is not there. */
export async function changeImage(
  store: ObjectStore,
  ref: ObjectRef,
  { container, image }: ImageChange,
  read: (store: ObjectStore, ref: ObjectRef) => Promise<KubeObject>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const changed = setImage(asJson(await read(store, ref)), container, image);
    if (!changed.ok) throw new CliError(changed.message);
    try {
      await store.update(changed.value as JsonObject & KubeObject, {
        fieldManager: cliFieldManager,
      });
      return;
    } catch (error) {
      if (!isStoreError(error, "Conflict") || tries === mostTries) throw error;
    }
  }
}
