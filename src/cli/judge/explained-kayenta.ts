// What the Kayenta judge made of each metric of its configuration, from what the last measurement keeps.
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import type { Measurement } from "../../api/argo/analysis.ts";
import { isJsonArray, isJsonObject, parseJson, type JsonObject } from "../../lib/json.ts";
import { kayentaJudgeKind } from "../../metrics/kayenta-judge/config.ts";
import { formatTable } from "../render/table.ts";
import type { ReadMetric } from "./judged-run.ts";

export function isJudgedByKayenta({ metric }: ReadMetric): boolean {
  return pluginConfigOf(metric, kayentaJudgeKind) !== undefined;
}

/** The metrics as the judge wrote them; undefined = what is kept was cut or is something else. */
function keptMetrics({ metadata = {} }: Measurement): readonly JsonObject[] | undefined {
  const json = parseJson(metadata["metrics"] ?? "");
  return json.ok && isJsonArray(json.value) ? json.value.filter(isJsonObject) : undefined;
}

function tableOf(measurement: Measurement): readonly string[] {
  const metrics = keptMetrics(measurement);
  if (metrics === undefined) return ["what was kept of the metrics cannot be read"];
  const rows = metrics.map(({ name, tags, classification, reason }) => [
    `${text(name)}${text(tags)}`,
    text(classification),
    text(reason),
  ]);
  return formatTable([["METRIC", "RESULT", "WHY"], ...rows]);
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The last measurement that came to a verdict, metric by metric; nothing before there is one. */
export function kayentaLines({ result }: ReadMetric): readonly string[] {
  const last = result?.measurements?.findLast(
    ({ metadata }) => metadata?.["metrics"] !== undefined,
  );
  if (last === undefined) return [];
  const { metadata = {} } = last;
  const zeroed = metadata["zeroedBy"] === undefined ? "" : `, 0 because ${metadata["zeroedBy"]}`;
  return [
    "",
    `  score ${last.value ?? "-"}${zeroed} (${metadata["mode"] ?? ""}, ${metadata["points"] ?? "?"} points from ${metadata["from"] ?? "?"} to ${metadata["to"] ?? "?"})`,
    ...tableOf(last).map((line) => `  ${line}`),
  ];
}
