// What a request is about, read from its path: for counting requests by what they ask for.
import type { ApiRequest } from "./api-client.ts";

export interface RequestInfo {
  /** The plural, `rollouts`; "" for what is no object. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly verb: "Get" | "List" | "Watch" | "Create" | "Update" | "Patch" | "Delete";
}

const writeVerbs = { POST: "Create", PUT: "Update", PATCH: "Patch", DELETE: "Delete" } as const;

/** `/api/v1/…` and `/apis/GROUP/VERSION/…` without their first words. */
function wordsOf(path: string): readonly string[] {
  const words = path.replace(/^\//, "").split("/").map(decodeURIComponent);
  return words[0] === "api" ? words.slice(2) : words.slice(3);
}

export function requestInfo({ method, path: whole }: ApiRequest): RequestInfo {
  const [path = "", query = ""] = whole.split("?");
  const words = wordsOf(path);
  const isNamespaced = words[0] === "namespaces" && words.length > 2;
  const [kind = "", name = ""] = isNamespaced ? words.slice(2) : words;
  const isWatch = new URLSearchParams(query).get("watch") === "1";
  const readVerb = isWatch ? "Watch" : name === "" ? "List" : "Get";
  return {
    kind,
    namespace: isNamespaced ? (words[1] ?? "") : "",
    name,
    verb: method === "GET" ? readVerb : writeVerbs[method],
  };
}
