import type { HttpAnswer } from "../runtime/http-exchange.ts";

const longestQuote = 1000;

/** The beginning of a body, for a message: a page of markup is no help there. */
export function quoted(body: string): string {
  const text = body.trim();
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}…`;
}

/** What is wrong with the status; undefined for 200 to 299. */
export function statusProblem({ status, text }: HttpAnswer): string | undefined {
  if (status >= 200 && status <= 299) return undefined;
  return `received non 2xx response code: ${status} ${quoted(text)}`.trimEnd();
}
