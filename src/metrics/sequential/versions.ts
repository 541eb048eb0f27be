import type { Rollout } from "../../api/argo/rollout.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import { argoApiVersion, podTemplateHashLabel } from "../../api/argo/keys.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { MetricQuestion, ProviderContext } from "../provider.ts";
import type { SequentialSettings } from "./config.ts";

/** Pod-template hashes of the two versions that are compared. */
export interface Versions {
  readonly canary: string;
  readonly stable: string;
}

export interface OwningRollout {
  /** undefined = the run has none, or it is gone. */
  readonly rollout?: Rollout | undefined;
  /** Why it cannot be read, where that is so. */
  readonly problem?: string;
}

/** The Rollout the run belongs to. */
export async function rolloutOf(
  { run }: Pick<MetricQuestion, "run">,
  { store }: Pick<ProviderContext, "store">,
): Promise<OwningRollout> {
  const owner = controllerOf(run);
  if (owner?.kind !== "Rollout") return {};
  const { namespace = "" } = run.metadata;
  try {
    const ref = { apiVersion: argoApiVersion, kind: "Rollout", namespace, name: owner.name };
    const manifest = await store.get(ref);
    return manifest === undefined ? {} : { rollout: parseRollout(asJson(manifest)).rollout };
  } catch (error) {
    if (isStoreError(error)) return { problem: error.message };
    throw error;
  }
}

function argument({ run }: Pick<MetricQuestion, "run">, name: string): string | undefined {
  const value = run.spec.args?.find((each) => each.name === name)?.value;
  return value === "" ? undefined : value;
}

/**
 * As configured, else by the arguments `canary-hash` and `stable-hash`, else the version the run was
 * made for and the stable one of its Rollout. What stays unknown is the answer.
 */
export function versionsOf(
  question: Pick<MetricQuestion, "run">,
  settings: Pick<SequentialSettings, "canary" | "stable">,
  rollout: Rollout | undefined,
): Versions | { readonly unknown: "canary" | "stable" } {
  const label = question.run.metadata.labels?.[podTemplateHashLabel];
  const canary = settings.canary ?? argument(question, "canary-hash") ?? label ?? "";
  const recorded = rollout?.status.stableRS ?? "";
  const stable = settings.stable ?? argument(question, "stable-hash") ?? recorded;
  if (canary === "") return { unknown: "canary" };
  return stable === "" || stable === canary ? { unknown: "stable" } : { canary, stable };
}
