import { listInput, type ExprData } from "../../lib/expr/expr.ts";
import { formatFloatV } from "../../lib/go-format.ts";
import { goJson } from "../../lib/go-json.ts";
import { parseGoFloat } from "../../lib/go-number.ts";
import { membersAt, textAt, type XmlElement } from "../../lib/xml.ts";
import { failed } from "../answered.ts";
import type { MetricAnswer } from "../provider.ts";

/** What is wrong with the answer. */
class Unreadable extends Error {}

interface Message {
  readonly Code: string;
  readonly Value: string;
}

function messagesOf(element: XmlElement): readonly Message[] {
  return membersAt(element, "Messages").map((member) => ({
    Code: textAt(member, "Code"),
    Value: textAt(member, "Value"),
  }));
}

function valuesOf(element: XmlElement): readonly number[] {
  return membersAt(element, "Values").map(({ text }) => {
    const number = parseGoFloat(text.trim());
    if (number.ok) return number.value;
    throw new Unreadable(`"${text}" is no number`);
  });
}

function timestampsOf(element: XmlElement): readonly ExprData[] {
  return membersAt(element, "Timestamps").map(({ text }) => {
    const ms = Date.parse(text.trim());
    if (Number.isNaN(ms)) throw new Unreadable(`"${text}" is no time`);
    return { epochNs: BigInt(ms) * 1_000_000n };
  });
}

/** One result under the field names of Amazon's Go client, which conditions are written with. */
function resultOf(element: XmlElement): ReadonlyMap<string, ExprData> {
  const messages = messagesOf(element).map(
    ({ Code, Value }) =>
      new Map([
        ["Code", Code],
        ["Value", Value],
      ]),
  );
  return new Map<string, ExprData>([
    ["Id", textAt(element, "Id")],
    ["Label", textAt(element, "Label")],
    ["Messages", messages],
    ["StatusCode", textAt(element, "StatusCode")],
    ["Timestamps", timestampsOf(element)],
    ["Values", valuesOf(element)],
  ]);
}

/** All values, printed as Go prints lists of lists: `[[1 2] [3]]`. */
function textOf(elements: readonly XmlElement[]): string {
  const lists = elements.map((element) => `[${valuesOf(element).map(formatFloatV).join(" ")}]`);
  return `[${lists.join(" ")}]`;
}

/** What GetMetricData answered (argo-metric-providers.md §7). */
export function answerOf(root: XmlElement): MetricAnswer {
  const answer = root.children.find(({ name }) => name === "GetMetricDataResult");
  if (answer === undefined) return failed("the answer of CloudWatch has no GetMetricDataResult");
  const elements = membersAt(answer, "MetricDataResults");
  const messages = messagesOf(answer);
  const metadata =
    messages.length === 0
      ? {}
      : { metadata: { messages: goJson(messages.map(({ Code, Value }) => ({ Code, Value }))) } };
  try {
    const result = listInput(elements.map(resultOf));
    return { kind: "value", text: textOf(elements), result, ...metadata };
  } catch (error) {
    if (error instanceof Unreadable) return failed(`the answer of CloudWatch: ${error.message}`);
    throw error;
  }
}
