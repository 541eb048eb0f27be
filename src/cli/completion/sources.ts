// Sources that commands of both programs share.
import { argoApiVersion } from "../../api/argo/keys.ts";
import { nothing, type Source } from "./question.ts";

const [group = "", version = ""] = argoApiVersion.split("/");

export const files: Source = { from: "files" };

export function words(...candidates: readonly string[]): Source {
  return { from: "words", words: candidates };
}

export function namesOf(kind: "Rollout" | "Experiment" | "AnalysisRun"): Source {
  return { from: "names", of: { group, version, kind } };
}

export const namespaces: Source = {
  from: "names",
  of: { group: "", version: "v1", kind: "Namespace" },
};

/** One name and no more. */
export function first(source: Source): (before: readonly string[]) => Source {
  return (before) => (before.length === 0 ? source : nothing);
}
