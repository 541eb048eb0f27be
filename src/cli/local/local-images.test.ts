import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDocuments, type SourceDocument } from "../../api/yaml/documents.ts";
import { addMappings, imageConfig, imagesFileName, mappingOf } from "./local-images.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "haldane-images-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function document(text: string, file = "conf/cluster.yaml"): SourceDocument {
  const [first] = readDocuments(
    `apiVersion: haldane.dev/v1alpha1\nkind: LocalCluster\n${text}`,
    file,
  ).documents;
  return first!;
}

describe("a LocalCluster document", () => {
  it("names directories relative to its own file", () => {
    expect(
      mappingOf(document("images: {'shop:*': './releases/*', tool: /opt/tool}"), "/home/me"),
    ).toEqual({
      "shop:*": "/home/me/conf/releases/*",
      tool: "/opt/tool",
    });
  });

  it.each([
    ["image: {}", /^conf\/cluster\.yaml:3:1: image: unknown field; did you mean images\?/],
    ["images: [a]", /^conf\/cluster\.yaml:3:1: images: must be an object/],
    [
      "images: {shop: 3}",
      /^conf\/cluster\.yaml:3:\d+: images\["shop"\]: must be a directory, but is 3/,
    ],
  ])("%s is refused", (text, said) => expect(() => mappingOf(document(text), "/")).toThrow(said));

  it("may map nothing", () => expect(mappingOf(document("metadata: {name: x}"), "/")).toEqual({}));
});

describe("the mappings of a data directory", () => {
  it("add up over starts, the newest winning", () => {
    addMappings(dataDir, [{ a: "/1", b: "/1" }]);
    addMappings(dataDir, []);
    addMappings(dataDir, [{ b: "/2" }, { c: "/3" }]);
    expect(imageConfig(dataDir, "/base")).toEqual({
      baseDir: "/base",
      images: { a: "/1", b: "/2", c: "/3" },
      configFile: path.join(dataDir, imagesFileName),
    });
  });

  it("are none where nobody mapped anything", () =>
    expect(imageConfig(dataDir, "/").images).toEqual({}));

  it("that cannot be read are an error with the file's name", () => {
    writeFileSync(path.join(dataDir, imagesFileName), "{");
    expect(() => imageConfig(dataDir, "/")).toThrow(/images\.json: the mapping of images/);
  });
});
