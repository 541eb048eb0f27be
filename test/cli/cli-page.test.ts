import { expect, it } from "vitest";
import { cliPage } from "./cli-page.ts";

it("docs/cli.md says what the commands declare", async () => {
  await expect(await cliPage()).toMatchFileSnapshot("../../docs/cli.md");
});
