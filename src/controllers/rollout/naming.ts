// What a Rollout names, read from the object as it is stored: cheap enough for every change, and
// good for objects that cannot be parsed.
import type { KubeObject } from "../../api/meta/object.ts";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import type { Cache } from "../../runtime/cache.ts";
import { CacheIndex } from "../../runtime/cache-index.ts";

function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const key of path) found = isJsonObject(found) ? found[key] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}

function specOf(rollout: KubeObject): JsonObject {
  const { spec } = rollout as KubeObject & { readonly spec?: Json };
  return isJsonObject(spec) ? spec : {};
}

const servicePaths: readonly (readonly string[])[] = [
  ["canary", "stableService"],
  ["canary", "canaryService"],
  ["canary", "pingPong", "pingService"],
  ["canary", "pingPong", "pongService"],
  ["blueGreen", "activeService"],
  ["blueGreen", "previewService"],
];

function isInvalid(rollout: KubeObject): boolean {
  const { status } = rollout as KubeObject & {
    readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
  };
  return status?.conditions?.some((condition) => condition.type === "InvalidSpec") ?? false;
}

function keyIn({ metadata: { namespace = "" } }: KubeObject, ...words: readonly string[]): string {
  return [namespace, ...words].join("/");
}

/** Keys (`namespace/name`) of the Services it names. */
export function serviceKeysOf(rollout: KubeObject): readonly string[] {
  const { strategy } = specOf(rollout);
  const names = servicePaths.map((path) => textAt(strategy, ...path));
  return [...new Set(names)].flatMap((name) => (name === undefined ? [] : [keyIn(rollout, name)]));
}

function workloadKeysOf(rollout: KubeObject): readonly string[] {
  const spec = specOf(rollout);
  const kind = textAt(spec, "workloadRef", "kind");
  const name = textAt(spec, "workloadRef", "name");
  return kind === undefined || name === undefined ? [] : [keyIn(rollout, kind, name)];
}

/** Which Rollouts name a thing, whatever their number. */
export class RolloutsByName {
  readonly #byService: CacheIndex<KubeObject>;
  readonly #byWorkload: CacheIndex<KubeObject>;
  readonly #invalid: CacheIndex<KubeObject>;

  /** Make it before the cache holds anything. */
  constructor(rollouts: Cache<KubeObject>) {
    this.#byService = new CacheIndex(rollouts, serviceKeysOf);
    this.#byWorkload = new CacheIndex(rollouts, workloadKeysOf);
    this.#invalid = new CacheIndex(rollouts, (rollout) =>
      isInvalid(rollout) ? [everywhere, keyIn(rollout)] : [],
    );
  }

  ofService(service: KubeObject): readonly KubeObject[] {
    return this.#byService.get(keyIn(service, service.metadata.name));
  }

  ofWorkload(workload: KubeObject): readonly KubeObject[] {
    return this.#byWorkload.get(keyIn(workload, workload.kind, workload.metadata.name));
  }

  /** The invalid ones of the object's namespace; all, for an object without one. */
  invalidBeside({ metadata: { namespace } }: KubeObject): readonly KubeObject[] {
    return this.#invalid.get(namespace ?? everywhere);
  }
}

/** No namespace has this name. */
const everywhere = "*";
