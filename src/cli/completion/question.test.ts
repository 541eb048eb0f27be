import { describe, expect, it } from "vitest";
import { haldaneShape } from "./haldane-shape.ts";
import { questionOf } from "./question.ts";

const program = haldaneShape(
  ["get", "promote", "retry", "set image", "up", "list", "terminate"],
  async (command) =>
    command === "promote"
      ? [{ names: ["--full"], takesValue: false }]
      : command === "up"
        ? [{ names: ["-f", "--filename"], takesValue: true }]
        : [{ names: ["-o", "--output"], takesValue: true }],
);

async function asked(...words: readonly string[]): Promise<string> {
  const { source } = await questionOf(words, program);
  if (source.from === "words") return source.words.join(" ");
  return source.from === "names" ? `names of ${source.of.kind}` : source.from;
}

describe("what is to be completed", () => {
  it.each([
    [[""], "get promote retry set up list terminate"],
    [["set", ""], "image"],
    [["set", "image", ""], "names of Rollout"],
    [["promote", "sh"], "names of Rollout"],
    [["promote", "shop", ""], "nothing"],
    [["promote", "--"], "--full --namespace --data --kubeconfig --context --no-color --help"],
    [["promote", "--full", "--data", "x", ""], "names of Rollout"],
    [["-n", "web", "promote", "--full", ""], "names of Rollout"],
    [["-n", ""], "names of Namespace"],
    [["promote", "--", "--"], "names of Rollout"],
    [["retry", "experiment", ""], "names of Experiment"],
    [["terminate", "analysisrun", ""], "names of AnalysisRun"],
    [["get", "deploy", ""], "names of Deployment"],
    [["get", "nothing-known", ""], "nothing"],
    [["get", "rollout", "shop", "-o", ""], "tree wide json yaml name"],
    [["up", "-f", "exa"], "files"],
    [["unknown", ""], "nothing"],
  ])("%j: %s", async (words, expected) => {
    expect(await asked(...words)).toBe(expected);
  });

  it("knows the cluster and namespace already said, and the names already there", async () => {
    const question = await questionOf(
      ["--data=there", "retry", "-n", "web", "shop", "sh"],
      program,
    );
    expect(Object.fromEntries(question.given)).toEqual({ "--data": "there", "--namespace": "web" });
    expect(question.typed).toEqual(["retry", "shop"]);
    expect(question.started).toBe("sh");
  });
});
