/** How one pass over one object ended. `why` is shown to people: "waiting 10m: pause step 3". */
export type Outcome =
  | { readonly kind: "settled" }
  | { readonly kind: "requeueAfter"; readonly ms: number; readonly why: string }
  | { readonly kind: "failed"; readonly error: unknown; readonly retry: "never" | "backoff" };

export const settled: Outcome = { kind: "settled" };

export function requeueAfter(ms: number, why: string): Outcome {
  return { kind: "requeueAfter", ms: Math.max(0, ms), why };
}
