import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  parseJson,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { textOf } from "../http-config.ts";
import type { KayentaConfig } from "./config.ts";

/** Kayenta refused, or said something that nobody understands. */
export class KayentaProblem extends Error {
  override readonly name = "KayentaProblem";
}

function jsonOf({ status, text }: HttpAnswer): Json {
  const json = parseJson(text);
  if (status >= 200 && status <= 299 && json.ok) return json.value;
  throw new KayentaProblem("Invalid Response");
}

function objectOf(answer: HttpAnswer): JsonObject {
  const json = jsonOf(answer);
  if (isJsonObject(json)) return json;
  throw new KayentaProblem("Invalid Response");
}

/** The id of the canary configuration with that name. */
export function configIdIn(answer: HttpAnswer, name: string): string {
  if (answer.status < 200 || answer.status > 299) {
    throw new KayentaProblem(`Invalid Response: HTTP ${answer.status}`);
  }
  const list = jsonOf(answer);
  if (!isJsonArray(list)) throw new KayentaProblem("Invalid Response");
  const found = list.filter(isJsonObject).find((config) => textOf(config, "name") === name);
  const id = found === undefined ? "" : textOf(found, "id");
  if (id === "") throw new KayentaProblem("Canary config not found");
  return id;
}

export function executionIdIn(answer: HttpAnswer): string {
  const id = textOf(objectOf(answer), "canaryExecutionId");
  if (id === "") throw new KayentaProblem("Invalid Response");
  return id;
}

/** The id of the judgement that was started with this mark; undefined if none of those listed was. */
export function startedUnder({ status, text }: HttpAnswer, mark: string): string | undefined {
  const json = parseJson(text);
  if (status !== 200 || !json.ok || !isJsonArray(json.value)) return undefined;
  const found = json.value
    .filter(isJsonObject)
    .find((execution) => textOf(execution, "parentPipelineExecutionId") === mark);
  const id = found === undefined ? "" : textOf(found, "pipelineId");
  return id === "" ? undefined : id;
}

/** The score, a whole number; undefined while Kayenta is at work. */
export function scoreIn(answer: HttpAnswer): number | undefined {
  const execution = objectOf(answer);
  const isComplete = ownProperty(execution, "complete");
  if (typeof isComplete !== "boolean") throw new KayentaProblem("Missing Complete Status");
  if (!isComplete) return undefined;
  const score = ["result", "judgeResult", "score", "score"].reduce<Json | undefined>(
    (inside, key) => (isJsonObject(inside) ? ownProperty(inside, key) : undefined),
    execution,
  );
  if (typeof score !== "number") throw new KayentaProblem("Missing Score");
  return Math.trunc(score);
}

export function phaseOf(
  score: number,
  { pass, marginal }: KayentaConfig["threshold"],
): "Successful" | "Inconclusive" | "Failed" {
  if (score >= pass) return "Successful";
  return score >= marginal ? "Inconclusive" : "Failed";
}
