// What pods of a cluster can and pods of one machine need not: told with the way that there is here.
import { StoreError } from "../../../objects/object-store.ts";
import type { ResourcePath } from "../paths.ts";

const ways: Readonly<Record<string, string>> = {
  exec: "its containers are processes of this machine: run the command in the image's directory yourself (kubectl describe shows it)",
  attach:
    "its containers are processes of this machine without a terminal: read what they write with kubectl logs -f",
  portforward:
    "its ports are open on 127.0.0.1 already: their numbers are in the pod's annotation haldane.dev/ports",
  proxy:
    "its ports are open on 127.0.0.1 already: their numbers are in the pod's annotation haldane.dev/ports",
  ephemeralcontainers:
    "its containers are processes of this machine: look at them with the tools of this machine",
};

/** Throws MethodNotAllowed for `kubectl exec`, `attach`, `port-forward`, `debug` and `cp`. */
export function refuseWhatIsNotHere({ group, plural, name, subresource = "" }: ResourcePath): void {
  const way = group === "" && plural === "pods" && Object.hasOwn(ways, subresource);
  if (!way) return;
  throw new StoreError(
    "MethodNotAllowed",
    `pods "${name ?? ""}": there is no ${subresource} on one machine; ${ways[subresource] ?? ""}`,
  );
}
