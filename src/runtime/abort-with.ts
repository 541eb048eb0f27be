// One abort that follows another. AbortSignal.any does the same, but costs more than the rest of a
// quick measurement, and what it links lives until the garbage collector looks at it.

/** `controller` is aborted, with the same reason, when `signal` is. The answer ends that. */
export function abortWith(controller: AbortController, signal: AbortSignal): () => void {
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return () => signal.removeEventListener("abort", follow);
}
