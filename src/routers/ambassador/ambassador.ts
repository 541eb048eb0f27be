// Splits traffic of Ambassador (Emissary): beside each Mapping stands, while the canary has a share,
// a canary Mapping with that weight. It is taken away only after it has stood without a share for a
// while, so that no request meets a route to something that is gone.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { stringsOf } from "../../api/argo/validate/json-fields.ts";
import { refOf, type ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import { isStoreError } from "../../objects/object-store.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, fieldManager, mustGet, refusedAs, tellOf } from "../router-objects.ts";
import { agreed, servicesOf, twoWaySplit, unconfirmed, type InForce } from "../split.ts";
import {
  apiVersionOf,
  canaryMapping,
  canaryMappingName,
  isOurs,
  knownApiVersions,
  mustNotWeigh,
  weightlessSinceAnnotation,
  type CanaryOf,
  type Mapping,
  type Sides,
} from "./canary-mapping.ts";

const kind = "ambassador";
/** How long Ambassador is given to forget a Mapping that no longer has a share. */
const leaveWeightlessMs = 5000;
const whole = 100;

const capabilities = {
  headerRoutes: false,
  mirrorRoutes: false,
  experimentWeights: false,
  acknowledges: false,
} as const satisfies RouterCapabilities;

/** Tries all, then fails with everything that is wrong with them. */
async function forEvery<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const refused: RouterError[] = [];
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      refused.push(error);
    }
  }
  const [first] = refused;
  if (first === undefined) return;
  if (refused.length === 1) throw first;
  const texts = refused.map(({ message }) => `[${message}]`).join("");
  throw new RouterError(first.reason, `${refused.length} errors found: ${texts}`);
}

class AmbassadorRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #sides: Sides;
  readonly #mappings: readonly ObjectRef[];

  constructor(mappings: readonly string[], apiVersion: string, context: RouterContext) {
    this.#context = context;
    this.#sides = servicesOf(context.rollout, kind);
    const { namespace } = context.rollout;
    this.#mappings = mappings.map((name) => ({ apiVersion, kind: "Mapping", namespace, name }));
    this.watches = this.#mappings.flatMap((ref) => [ref, this.#canaryRef(ref)]);
  }

  async read(): Promise<TrafficState> {
    const splits = await Promise.all(this.#mappings.map(async (ref) => this.#read(ref)));
    return unconfirmed(agreed(splits));
  }

  async apply({ canary: { weight }, maxWeight }: TrafficPlan): Promise<void> {
    if (maxWeight !== whole) {
      throw new RouterError(
        "TrafficRoutingError",
        `spec.strategy.canary.trafficRouting.maxTrafficWeight is ${maxWeight}; Ambassador's weights are percentages: leave it out`,
      );
    }
    await forEvery(this.#mappings, async (ref) => this.#bring(ref, weight));
  }

  async tidy(now: EpochMs): Promise<EpochMs | undefined> {
    const due = await Promise.all(this.#mappings.map(async (ref) => this.#tidy(ref, now)));
    const times = due.filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #canaryRef(ref: ObjectRef): ObjectRef {
    return { ...ref, name: canaryMappingName(ref.name) };
  }

  #isOurs(live: Mapping, stable: Mapping): boolean {
    const { owner } = this.#context.rollout;
    return isOurs(live, { stable, owner, sides: this.#sides });
  }

  async #find(ref: ObjectRef): Promise<CanaryOf> {
    const stable = await mustGet<Mapping>(
      this.#context,
      ref,
      () =>
        new RouterError("AmbassadorMappingNotFound", `Ambassador mapping "${ref.name}" not found`),
    );
    mustNotWeigh(stable);
    const canaryRef = this.#canaryRef(ref);
    const live = await this.#context.store.get<Mapping>(canaryRef);
    if (live && !this.#isOurs(live, stable)) {
      throw new RouterError(
        "CanaryMappingUpdateError",
        `Ambassador mapping "${canaryRef.name}" is somebody else's; Haldane needs this name for the canary of "${ref.name}"`,
      );
    }
    return { stable, live, owner: this.#context.rollout.owner, sides: this.#sides };
  }

  /** No canary Mapping means no share; one that no longer follows its stable Mapping says nothing. */
  async #read(ref: ObjectRef): Promise<InForce | undefined> {
    const found = await this.#find(ref);
    const weight = found.live ? found.live.spec?.weight : 0;
    if (weight === undefined) return undefined;
    const follows = weight === 0 || deepEqual(canaryMapping(found, weight), found.live);
    return follows
      ? twoWaySplit(this.#sides, { canary: weight, stable: whole - weight })
      : undefined;
  }

  async #bring(ref: ObjectRef, weight: number): Promise<void> {
    const found = await this.#find(ref);
    const { live } = found;
    if (weight === 0 && (!live || live.spec?.weight === 0)) return;
    const wanted = canaryMapping(found, weight);
    const [verb, reason] = live
      ? (["updating", "CanaryMappingUpdateError"] as const)
      : (["creating", "CanaryMappingCreationError"] as const);
    try {
      const written = live
        ? await bringTo(this.#context, live, wanted)
        : await this.#context.store.create(wanted, { fieldManager });
      if (!written) return;
      const message = `Set canary mapping weight to ${weight}`;
      await tellOf(this.#context, written, "CanaryMappingWeightUpdate", message);
    } catch (error) {
      throw refusedAs(error, `Error ${verb} canary mapping "${wanted.metadata.name}"`, reason);
    }
  }

  /** Notes when a Mapping was first seen without a share, and deletes it when that is long enough ago. */
  async #tidy(ref: ObjectRef, now: EpochMs): Promise<EpochMs | undefined> {
    const live = await this.#context.store.get<Mapping>(this.#canaryRef(ref));
    const stable = await this.#context.store.get<Mapping>(ref);
    if (live?.spec?.weight !== 0 || !stable || !this.#isOurs(live, stable)) return undefined;
    const since = Date.parse(live.metadata.annotations?.[weightlessSinceAnnotation] ?? "");
    if (Number.isNaN(since)) {
      const annotations = {
        ...live.metadata.annotations,
        [weightlessSinceAnnotation]: formatTime(now),
      };
      await bringTo(this.#context, live, { ...live, metadata: { ...live.metadata, annotations } });
      // Times are kept in whole seconds, cut: one more makes sure of the whole wait.
      return now + leaveWeightlessMs + 1000;
    }
    const due = since + leaveWeightlessMs + 1000;
    if (now < due) return due;
    await this.#delete(live);
    return undefined;
  }

  async #delete(live: Mapping): Promise<void> {
    const { uid, resourceVersion } = live.metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    try {
      await this.#context.store.delete(refOf(live), { preconditions });
    } catch (error) {
      if (isStoreError(error, "NotFound")) return;
      const text = `Error deleting canary mapping "${live.metadata.name}"`;
      throw refusedAs(error, text, "CanaryMappingCleanupError");
    }
  }
}

function create({ config }: RouterConfig, context: RouterContext): TrafficRouter {
  const mappings = stringsOf(config, "mappings");
  const apiVersion = apiVersionOf(context.settings ?? {});
  if (apiVersion === undefined) {
    throw new RouterError(
      "TrafficRoutingError",
      `Ambassador's API version ${context.settings?.ambassadorApiVersion ?? ""} is not known; use one of ${knownApiVersions.join(", ")}`,
    );
  }
  if (mappings.length === 0) {
    throw new RouterError("TrafficRoutingError", "must provide at least one mapping");
  }
  return new AmbassadorRouter(mappings, apiVersion, context);
}

export const ambassadorRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: (settings) => {
    const apiVersion = apiVersionOf(settings);
    return apiVersion === undefined ? [] : [{ apiVersion, kind: "Mapping" }];
  },
  create,
};
