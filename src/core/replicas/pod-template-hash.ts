// Hashes that name things (argo-rollouts-algorithms §2.1): the one of a pod template becomes a label, a ReplicaSet's
// name and a Service's selector; the one of the steps tells whether they changed. Both are what Argo Rollouts 1.9
// computes for the same manifest, so that a rollout changes hands without a redeployment.

import { fnv1a32 } from "../../lib/fnv.ts";
import type { Json } from "../../lib/json.ts";
import { utf8Bytes } from "../../lib/utf8.ts";
import { marshalPodTemplate, marshalSteps } from "./go-marshal.ts";
import type { MarshalOptions } from "./go-marshal.ts";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A 32-bit number in letters and digits that spell no words; at most ten characters. */
export function encodeHash(sum: number): string {
  return Array.from(String(sum), (digit) =>
    ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length),
  ).join("");
}

/** The collision count as eight bytes: 32 bits little-endian, then four zeros. */
function collisionBytes(count: number): readonly number[] {
  return [count & 255, (count >>> 8) & 255, (count >>> 16) & 255, (count >>> 24) & 255, 0, 0, 0, 0];
}

/**
 * The hash of spec.template as written: undefaulted, before anything is injected into it. Each collision with a
 * ReplicaSet of another template raises `collisionCount` and gives another hash.
 */
export function podTemplateHash(
  template: Json,
  collisionCount?: number,
  options: MarshalOptions = {},
): string {
  const bytes = utf8Bytes(marshalPodTemplate(template, options));
  const salt = collisionCount === undefined ? [] : collisionBytes(collisionCount);
  return encodeHash(fnv1a32([...bytes, ...salt]));
}

/** The hash of canary.steps as written; absent steps hash as null. */
export function stepsHash(steps: Json | undefined): string {
  return encodeHash(fnv1a32(utf8Bytes(marshalSteps(steps))));
}
