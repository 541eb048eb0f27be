// Names the store makes from `generateName`: the given beginning and five letters that spell no words.
import { nextInt, type Rng } from "../../lib/rng.ts";

const letters = "bcdfghjklmnpqrstvwxz2456789";
const endingLength = 5;
const longestBeginning = 63 - endingLength;
const attempts = 8;

function ending(rng: Rng): string {
  return Array.from(
    { length: endingLength },
    () => letters[nextInt(rng, letters.length)] ?? "",
  ).join("");
}

/** A free name, or undefined if the first few tries were all taken. Advances `rng`. */
export function generateName(
  beginning: string,
  rng: Rng,
  isTaken: (name: string) => boolean,
): string | undefined {
  const base = beginning.slice(0, longestBeginning);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const name = `${base}${ending(rng)}`;
    if (!isTaken(name)) return name;
  }
  return undefined;
}
