// Objects in the order and by the key that the gateway's config names them.
export interface Named {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

export function keyOf({ metadata: { namespace = "", name } }: Named): string {
  return `${namespace}/${name}`;
}

export function byKey<T extends Named>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
