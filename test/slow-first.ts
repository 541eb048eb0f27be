// The files that take longest begin first: the last of them alone on one core would keep the other waiting.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Longest first, by what their paths contain. */
const slow: readonly string[] = [
  "test/simulation/faults-",
  "test/cli/errors",
  "test/simulation/",
  "src/core/judge/sequential/",
  "src/core/rollout/generated-rollouts",
  "src/local/kubelet/",
  "src/gateway/",
];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = slow.findIndex((part) => moduleId.includes(part));
  return rank === -1 ? slow.length : rank;
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
