// What the world does wrong is an answer, not a rejection; and no answer shows what was asked with.
import { redactorOf } from "../lib/redact.ts";
import type { MetricAnswer } from "./provider.ts";

/** An error answer. */
export function failed(message: string): MetricAnswer {
  return { kind: "error", message };
}

function masked(answer: MetricAnswer, secrets: readonly string[]): MetricAnswer {
  const redactor = redactorOf(secrets);
  const text = "text" in answer ? { text: redactor.value(answer.text) } : {};
  const message = "message" in answer ? { message: redactor.message(answer.message) } : {};
  const metadata =
    answer.metadata === undefined ? {} : { metadata: redactor.metadata(answer.metadata) };
  return { ...answer, ...text, ...message, ...metadata };
}

/** The answer of `work`, its rejection as an error; `secrets` (keys, tokens, passwords) are masked in both. */
export async function answered(
  work: () => Promise<MetricAnswer>,
  secrets: readonly string[] = [],
): Promise<MetricAnswer> {
  try {
    return masked(await work(), secrets);
  } catch (error) {
    return masked(failed(error instanceof Error ? error.message : String(error)), secrets);
  }
}
