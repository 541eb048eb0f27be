// Keeps the house: what no compiler, linter or import rule sees.
import { readdirSync, readFileSync, existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

function filesBelow(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(path.join(root, file)).isFile());
}

const sources = filesBelow("src").filter((file) => file.endsWith(".ts"));
const production = sources.filter(
  (file) => !/\.test\.ts$|\.test-support\.ts$|conformance\.ts$|\/conformance\//.test(file),
);

function roomsInArchitecture(): ReadonlyMap<string, readonly string[]> {
  const rows = read("docs/architecture.md").matchAll(/^\| `src\/([a-z]+)` \|[^|]*\| ([^|]*) \|$/gm);
  return new Map(
    [...rows].map(([, room = "", imports = ""]) => [
      room,
      imports.trim() === "–" ? [] : imports.trim().split(", "),
    ]),
  );
}

describe("docs/architecture.md", () => {
  it("names every room on disk and no other", () => {
    const onDisk = readdirSync(path.join(root, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect([...roomsInArchitecture().keys()].sort()).toEqual(onDisk.sort());
  });

  it("shows the arrows that the fences enforce", () => {
    const { layers } = createRequire(import.meta.url)(path.join(root, ".layers.cjs")) as {
      layers: Record<string, readonly string[]>;
    };
    const documented = roomsInArchitecture();
    for (const [room, allowed] of Object.entries(layers))
      expect([room, documented.get(room)]).toEqual([room, allowed]);
  });
});

describe("adapters", () => {
  it.each(["routers", "metrics"])(
    "%s: each folder has the family's shape and answers the sheet",
    (family) => {
      const folders = readdirSync(path.join(root, "src", family), { withFileTypes: true }).filter(
        (e) => e.isDirectory(),
      );
      for (const { name } of folders) {
        const own = path.join("src", family, name);
        expect(existsSync(path.join(root, own, `${name}.ts`)), `${own}/${name}.ts`).toBe(true);
        const tests = filesBelow(own)
          .filter((file) => file.endsWith(".test.ts"))
          .map(read);
        expect(
          tests.some((text) => text.includes("conformance.ts")),
          `${own}: a test that calls the sheet`,
        ).toBe(true);
      }
    },
  );
});

describe("sources", () => {
  it("everything in core that decides something is tested there", () => {
    const untested = production
      .filter(
        (file) => file.startsWith("src/core/") && /export (?:const|function)/.test(read(file)),
      )
      .map((file) => path.dirname(file))
      // A folder of leaves (steps, conditions) is tested through the parent that conducts them.
      .filter(
        (folder) =>
          ![folder, path.dirname(folder)].some((place) =>
            filesBelow(place).some((file) => file.endsWith(".test.ts")),
          ),
      );
    expect([...new Set(untested)]).toEqual([]);
  });

  it.each([[/\b(?:utils|helpers|common)\b/, "a name that says what it is"]])(
    "no file is named %s",
    (pattern, instead) => {
      expect(
        sources.filter((file) => pattern.test(path.basename(file))),
        `use ${instead}`,
      ).toEqual([]);
    },
  );

  it.each([
    [/catch\s*(?:\([^)]*\))?\s*\{\s*\}/, "an empty catch"],
    [/\b(?:TODO|FIXME)\b/, "a note to do it later"],
    [/\bexport \*/, "export *"],
  ])("no source contains %s", (pattern, what) => {
    expect(
      production.filter((file) => pattern.test(read(file))),
      what,
    ).toEqual([]);
  });

  it("every room opens with a door comment", () => {
    const rooms = [...roomsInArchitecture().keys()];
    for (const room of rooms) {
      const opens = production
        .filter((file) => file.startsWith(`src/${room}/`))
        .some((file) => new RegExp(`^(?:#!.*\\n)?// ${room}(?:[:/])`).test(read(file)));
      expect(opens, `src/${room}: a file that opens with "// ${room}: …"`).toBe(true);
    }
  });
});

describe("documents", () => {
  it("link only to files that exist", () => {
    const pages = ["README.md", ...filesBelow("docs").filter((file) => file.endsWith(".md"))];
    for (const page of pages) {
      for (const [, target = ""] of read(page).matchAll(
        /\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g,
      )) {
        expect(existsSync(path.join(root, path.dirname(page), target)), `${page} → ${target}`).toBe(
          true,
        );
      }
    }
  });
});
