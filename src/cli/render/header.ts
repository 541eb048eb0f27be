// The lines above a tree.
import type { ImageView } from "../../core/view/rollout-view.ts";
import type { Paint } from "./paint.ts";
import { tagTint } from "./tree.ts";

const nameWidth = 17;

export function headerField(name: string, value: string | number): string {
  return `${`${name}:`.padEnd(nameWidth)}${value}`;
}

export function imageLines(images: readonly ImageView[], paint: Paint): readonly string[] {
  return images.map(({ image, tags }, position) => {
    const tagged = tags.map((tag) => paint(tag, tagTint(tag))).join(", ");
    const text = tags.length === 0 ? image : `${image} (${tagged})`;
    return position === 0 ? headerField("Images", text) : `${" ".repeat(nameWidth)}${text}`;
  });
}
