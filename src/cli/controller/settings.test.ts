import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { CommandCall } from "../command.ts";
import { declareFlags } from "./flags.ts";
import { controllerSettings } from "./settings.ts";

function settingsOf(...args: readonly string[]) {
  const command = new Command("controller");
  declareFlags(command);
  command.parse(["--leader-elect=false", ...args], { from: "user" });
  const call = { options: command.opts(), cli: { env: {} } } as unknown as CommandCall;
  return controllerSettings(call, "web");
}

describe("flags about load balancers", () => {
  it("ask them nothing unless told to", () => {
    expect(settingsOf().targetGroupTag).toBeUndefined();
    expect(settingsOf("--aws-verify-target-group=false").targetGroupTag).toBeUndefined();
  });

  it.each(["--aws-verify-target-group", "--alb-verify-weight"])("%s asks them", (flag) => {
    expect(settingsOf(flag).targetGroupTag).toBe("ingress.k8s.aws/resource");
    expect(settingsOf(flag, "--alb-tag-key-resource-id", "my/tag").targetGroupTag).toBe("my/tag");
  });
});
