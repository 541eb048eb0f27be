// What answers to GraphQL questions have in common: `{ data, errors: [{ message }] }`.
import { isJsonArray, isJsonObject, ownProperty, parseJson, type Json } from "../lib/json.ts";
import { textOf } from "./http-config.ts";

export type GraphqlAnswer =
  | { readonly ok: true; readonly data: Json }
  /** `messages`: what the server said is wrong, none if the answer was no GraphQL. */
  | { readonly ok: false; readonly messages: readonly string[]; readonly problem: string };

function messageOf(error: Json): string {
  return isJsonObject(error) ? textOf(error, "message") : JSON.stringify(error);
}

/** The answer's data; null when there is none. */
export function graphqlAnswer(text: string): GraphqlAnswer {
  const json = parseJson(text);
  if (!json.ok) return { ok: false, messages: [], problem: json.problem };
  if (!isJsonObject(json.value)) return { ok: false, messages: [], problem: "no object" };
  const errors = ownProperty(json.value, "errors");
  if (isJsonArray(errors) && errors.length > 0) {
    const messages = errors.map(messageOf);
    return { ok: false, messages, problem: messages.join(", ") };
  }
  return { ok: true, data: ownProperty(json.value, "data") ?? null };
}
