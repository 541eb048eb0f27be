import { describe, expect, it } from "vitest";
import { colourPaint, plainPaint } from "./paint.ts";
import { rolloutScreen } from "./rollout-screen.ts";
import { now, shopTree, stuckPod } from "./shop.test-support.ts";

const escape = "\u001b";

function drawn(tree = shopTree()): string {
  return rolloutScreen(tree, { paint: plainPaint, now }).join("\n");
}

describe("get rollout in a narrow window", () => {
  const tree = (columns: number): readonly string[] => {
    const lines = rolloutScreen(shopTree(), { paint: plainPaint, now, columns });
    return lines
      .slice(lines.findIndex((line) => line.startsWith("NAME")))
      .map((line) => line.trimEnd());
  };

  it("leaves out the kinds, which icons say as well", () => {
    expect(tree(80).slice(0, 4)).toEqual([
      "NAME                             STATUS        AGE    INFO",
      "⟳ shop                           ॥ Paused      3h5m",
      "├──# revision:2",
      "│  ├──⧉ shop-5d8f9c7b6           ✔ Healthy     4m10s  canary",
    ]);
  });

  it("then cuts names in their middle, so that what happens stays in sight", () => {
    expect(tree(40).slice(0, 5)).toEqual([
      "NAME                      STATUS        AGE    INFO",
      "⟳ shop                    ॥ Paused      3h5m",
      "├──# revision:2",
      "│  ├──⧉ shop-5d8f9c7b6    ✔ Healthy     4m10s  canary",
      "│  │  └──□ shop-5d…x2x4q  ✔ Running     4m10s  ready:1/1",
    ]);
  });
});

describe("get rollout", () => {
  it("draws what people know from Argo's plugin", () => {
    expect(drawn()).toBe(`Name:            shop
Namespace:       web
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/4
  SetWeight:     20
  ActualWeight:  20
Images:          registry.local/shop:1 (stable)
                 registry.local/shop:2 (canary)
Replicas:
  Desired:       5
  Current:       5
  Updated:       1
  Ready:         5
  Available:     5

NAME                             KIND         STATUS        AGE    INFO
⟳ shop                           Rollout      ॥ Paused      3h5m${"   "}
├──# revision:2                                                    ${""}
│  ├──⧉ shop-5d8f9c7b6           ReplicaSet   ✔ Healthy     4m10s  canary
│  │  └──□ shop-5d8f9c7b6-x2x4q  Pod          ✔ Running     4m10s  ready:1/1
│  └──α shop-5d8f9c7b6-2-1       AnalysisRun  ✔ Successful  4m     ✔ 3,✖ 1
│     └──⊞ 8a4c.probe.1          Job          ✔ Successful  3m20s  ${""}
└──# revision:1                                                    ${""}
   └──⧉ shop-6c9b8d7f5           ReplicaSet   ✔ Healthy     3h5m   stable,delay:20s
      └──□ shop-6c9b8d7f5-7kq2p  Pod          ✔ Running     3h5m   ready:1/1,restarts:2`);
  });

  it("leaves out a message that is empty", () => {
    const healthy = shopTree({ phase: "Healthy", message: "", pauseConditions: undefined });
    expect(drawn(healthy)).not.toContain("Message:");
    expect(drawn(healthy)).toContain("Status:          ✔ Healthy");
  });

  it("colours icons, tags and names, and nothing else", () => {
    const lines = rolloutScreen(shopTree(), { paint: colourPaint, now });
    expect(lines[8]).toBe("Images:          registry.local/shop:1 (\u001b[32mstable\u001b[0m)");
    expect(lines[9]).toBe("                 registry.local/shop:2 (\u001b[33mcanary\u001b[0m)");
    const set = lines.find((line) => line.includes("⧉") && line.includes("5d8f9c7b6"));
    expect(set).toContain("⧉ \u001b[33mshop-5d8f9c7b6\u001b[0m");
    expect(set).toContain("\u001b[32m✔\u001b[0m Healthy");
    expect(
      lines.map((line) => line.replaceAll(new RegExp(`${escape}\\[\\d+m`, "g"), "")).join("\n"),
    ).toBe(drawn());
  });

  it("says below why pods do not start, once per cause", () => {
    const message = (pod: string): string => `pod web/${pod}: the image "shop:9" is not mapped`;
    const stuck = ["shop-a", "shop-b"].map((name) => stuckPod(name, "ErrImagePull", message(name)));
    const waiting = stuckPod("c", "ContainerCreating", "");
    const lines = drawn(
      shopTree({}, [
        ...stuck,
        { ...waiting, status: { ...waiting.status, containerStatuses: [] } },
      ]),
    ).split("\n");
    expect(lines.slice(-2)).toEqual([
      "",
      `⚠ pod/shop-a: ErrImagePull: ${message("shop-a")} (and 1 more pod)`,
    ]);
  });
});
