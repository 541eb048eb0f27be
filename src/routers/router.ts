// routers: who splits the traffic. This file is the port; registry.ts is the list; each folder is
// one router of the same shape, answering conformance.ts as fake/ does. A router translates a
// TrafficPlan into its objects and back; it decides nothing. May import lib, api, runtime and
// objects/object-store.ts. To add one: copy fake/, answer the sheet, add a line to the registry.
import type { RouterConfig } from "../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../api/argo/traffic.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { EpochMs } from "../lib/time.ts";
import type { RecordedEvent } from "../runtime/events.ts";
import type { TargetGroups } from "./target-groups.ts";

/** Declared, not discovered by silence: validation and `lint` read it. */
export interface RouterCapabilities {
  readonly headerRoutes: boolean;
  readonly mirrorRoutes: boolean;
  readonly experimentWeights: boolean;
  /** The data plane confirms what it serves; a weight is live only once it has. */
  readonly acknowledges: boolean;
}

/** The rollout a router works for, with the Services its split is between. */
export interface RoutedRollout {
  readonly namespace: string;
  readonly name: string;
  readonly owner: KubeObject;
  /** With ping-pong: the one of the pair that has this role now. */
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
  /** Names under trafficRouting.managedRoutes: routes of these names are the rollout's own. */
  readonly managedRoutes: readonly string[];
}

export interface TrafficRouter {
  readonly kind: string;
  readonly capabilities: RouterCapabilities;
  /** Objects whose change must wake the rollout. */
  readonly watches: readonly ObjectRef[];
  /** What is in force now. Rejects with a RouterError if the router's objects are missing or wrong. */
  read(): Promise<TrafficState>;
  /** Brings the router's objects to the plan; writes nothing that is already so; keeps what others wrote. */
  apply(plan: TrafficPlan): Promise<void>;
  /**
   * Clears away what nothing depends on any more. Resolves with when there will be more to clear;
   * undefined = never, as far as can be seen now.
   */
  tidy?(now: EpochMs): Promise<EpochMs | undefined>;
}

/** What is the same for all rollouts of an installation: Argo's controller flags for routers. */
export interface RouterSettings {
  /** `v1alpha3` unless set; also `networking.istio.io/v1alpha3`. */
  readonly istioApiVersion?: string;
  /** `traefik.io/v1alpha1` unless set. */
  readonly traefikApiVersion?: string;
  /** `v1alpha1` unless set; also `split.smi-spec.io/v1alpha1`. */
  readonly trafficSplitApiVersion?: string;
  /** `getambassador.io/v2` unless set. */
  readonly ambassadorApiVersion?: string;
  /** `v1beta2` unless set. */
  readonly appMeshApiVersion?: string;
  /** Where ALBs are asked what they serve; absent = they are not (Argo's default). */
  readonly targetGroups?: TargetGroups;
  /** How long until a data plane that does not serve a weight yet is asked again; 10 s unless set. */
  readonly verifyRetryMs?: number;
}

export interface RouterContext {
  readonly store: ObjectStore;
  readonly rollout: RoutedRollout;
  readonly settings?: RouterSettings;
  /** Records an event on the rollout: what a router did, beyond the weight, that people look for. */
  readonly tell?: (event: RecordedEvent) => Promise<void>;
}

export interface WatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * A kind whose objects say by themselves which rollouts use them. So they can be given back when a
 * rollout is gone or names another object, and nobody has to remember what was written.
 */
export interface ReleasableKind extends WatchedKind {
  /** The names of the rollouts of its namespace that use the object, as it says. */
  readonly usersOf: (object: KubeObject) => readonly string[];
  /** The object as it is when that rollout no longer uses it; the same one if there is nothing to do. */
  readonly without: (object: KubeObject, rollout: string) => KubeObject;
}

export interface RouterFactory {
  readonly kind: string;
  readonly capabilities: RouterCapabilities;
  /** The kinds of its objects, in the versions the settings name: their changes wake rollouts. */
  readonly watchedKinds: (settings: RouterSettings) => readonly WatchedKind[];
  /** Absent: its objects go with the rollout that owns them, or stay as they are (argo-rollouts-algorithms §2.15). */
  readonly releasable?: (settings: RouterSettings) => readonly ReleasableKind[];
  /** Throws a RouterError when `config` is not usable, naming the field. */
  create(config: RouterConfig, context: RouterContext): TrafficRouter;
}

/** `reason` is the event's reason, e.g. TrafficRoutingError. */
export class RouterError extends Error {
  override readonly name = "RouterError";
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
