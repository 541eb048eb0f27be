import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CliContext } from "./command.ts";
import { placeOf, readManifests, readSources } from "./read-manifests.ts";

let cwd: string;
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "haldane-read-"));
  mkdirSync(path.join(cwd, "dir/inner"), { recursive: true });
  const files = {
    "dir/b.yaml": configMap("b"),
    "dir/a.yml": `${configMap("a1")}---\n${configMap("a2")}`,
    "dir/c.json": JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [{ apiVersion: "v1", kind: "Secret", metadata: { name: "c" } }],
    }),
    "dir/notes.txt": "no manifest",
    "dir/inner/d.yaml": configMap("d"),
    "ours.yaml": `apiVersion: haldane.dev/v1alpha1\nkind: LocalCluster\nimages: {}\n---\n${configMap("e")}`,
    "bad.yaml": `${configMap("f")}---\n{ a: [`,
    "list.yaml": "- a\n- b\n",
    "kind.yaml": "apiVersion: v1\nkind: Servce\nmetadata: {name: x}\n",
    "empty.yaml": "# nothing\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(cwd, name), text);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function context(stdin = ""): CliContext {
  const chunks = (async function* () {
    const bytes = new TextEncoder().encode(stdin);
    // In two pieces, as a pipe may give it.
    yield bytes.slice(0, 10);
    yield bytes.slice(10);
  })();
  return { cwd, stdin: chunks } as Partial<CliContext> as CliContext;
}

const names = async (files: readonly string[], stdin?: string): Promise<readonly string[]> =>
  (await readManifests(files, context(stdin))).objects.map(({ object }) => object.metadata.name);

describe("readManifests", () => {
  it("reads a directory's manifests in order of name, not those below it", async () => {
    expect(await names(["dir"])).toEqual(["a1", "a2", "b", "c"]);
  });

  it("reads standard input and names it in places", async () => {
    const { objects } = await readManifests(["-"], context(configMap("piped")));
    expect(
      objects.map(({ object, document }) => [object.metadata.name, placeOf(document, "kind")]),
    ).toEqual([["piped", "standard input:2:1"]]);
  });

  it("tells our own documents from objects", async () => {
    const { objects, ours } = await readManifests(["ours.yaml"], context());
    expect([objects.length, ours.map(({ object }) => object["kind"])]).toEqual([
      1,
      ["LocalCluster"],
    ]);
  });

  it.each([
    ["nope.yaml", /^nope\.yaml: the file cannot be read: ENOENT/],
    ["empty.yaml", /^empty\.yaml: there are no manifests in it/],
    ["bad.yaml", /^bad\.yaml:5:\d+: this is not valid YAML/],
    ["list.yaml", /^list\.yaml:1:1: a document must be an object/],
    ["kind.yaml", /^kind\.yaml:2:1: there is no kind Servce in v1; did you mean Service\?/],
  ])("refuses %s", async (file, said) => {
    await expect(readManifests([file], context())).rejects.toThrow(said);
  });

  it("readSources keeps what can be read beside what cannot", async () => {
    const { documents, problems } = await readSources(["bad.yaml", "list.yaml"], context());
    expect(documents.length).toBeGreaterThan(0);
    expect(problems.map(({ file, kind }) => [file, kind])).toEqual([
      ["bad.yaml", "syntax"],
      ["list.yaml", "notAnObject"],
    ]);
  });
});
