// Names of pods: made from the owner's uid and a number, so that a pass repeated after a crash, or
// on a view that does not show its last pass yet, asks for the same names and doubles nothing.
import type { KubeObject } from "../../api/meta/object.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import { fnv1a32Text } from "../../lib/fnv.ts";
import { ordinalOf } from "./pods.ts";

// No vowels and nothing that looks like another character: a name never spells a word by accident.
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const suffixLength = 5;
const longestName = 63;

/** Some characters of the alphabet, the same for the same text. */
export function textCode(text: string, length: number): string {
  let rest = fnv1a32Text(text);
  return Array.from({ length }, () => {
    const letter = alphabet[rest % alphabet.length] ?? "b";
    rest = Math.floor(rest / alphabet.length);
    return letter;
  }).join("");
}

export function podName(owner: KubeObject, ordinal: number): string {
  const stem = owner.metadata.name.slice(0, longestName - suffixLength - 1);
  return `${stem}-${textCode(`${owner.metadata.uid ?? ""}/${ordinal}`, suffixLength)}`;
}

export interface PodNumber {
  readonly name: string;
  readonly ordinal: number;
}

/**
 * The next `count` names of an owner, above every number its visible pods have. A name that another
 * pod of the namespace has already is passed over.
 */
export function nextPodNames(
  owner: KubeObject,
  owned: readonly Pod[],
  takenNames: ReadonlySet<string>,
  count: number,
): readonly PodNumber[] {
  const names: PodNumber[] = [];
  for (
    let ordinal = 1 + Math.max(0, ...owned.map((pod) => ordinalOf(pod)));
    names.length < count;
    ordinal += 1
  ) {
    const name = podName(owner, ordinal);
    if (!takenNames.has(name) && !names.some((each) => each.name === name))
      names.push({ name, ordinal });
  }
  return names;
}
