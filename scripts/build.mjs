// Builds the published files: one entry, split into chunks that load when a command needs them.
import { build } from "esbuild";
import { chmod, readFile, rm } from "node:fs/promises";

const manifest = JSON.parse(await readFile("package.json", "utf8"));

// Every command line needs these at once: from our own file they start twice as fast as from
// node_modules. Everything else stays outside, the native and the large above all.
const bundled = ["commander", "yaml"];

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: { main: "src/cli/main.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: Object.keys(manifest.dependencies).filter((name) => !bundled.includes(name)),
  chunkNames: "chunks/[name]-[hash]",
  define: { __HALDANE_VERSION__: JSON.stringify(manifest.version) },
  // Bundled CommonJS asks for Node's modules with require, which a module of its own has not.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
});
await chmod("dist/main.js", 0o755);
