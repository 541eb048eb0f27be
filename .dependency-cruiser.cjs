// Fences: who may import whom.
const { layers } = require("./.layers.cjs");

// What a room shows to rooms that may not enter it: its port and its registry.
const doors = ["src/objects/object-store.ts", "src/routers/router.ts", "src/metrics/provider.ts"];
const registries = ["src/routers/registry.ts", "src/metrics/registry.ts"];

const tests = "[.]test[.]ts$|/conformance[.]ts$|/conformance/|[.]test-support[.]ts$";
const escape = (path) => path.replaceAll(".", "[.]");

const layerRules = Object.entries(layers).map(([from, allowed]) => ({
  name: `${from}-imports-only-${allowed.join("-") || "itself"}`,
  severity: "error",
  from: { path: `^src/${from}/`, pathNot: tests },
  to: {
    path: "^src/",
    pathNot: [
      `^src/(${[from, ...allowed].join("|")})/`,
      ...(["lib", "api", "core", "gateway"].includes(from)
        ? []
        : doors.map((door) => `^${escape(door)}$`)),
      ...(["controllers", "simulator"].includes(from)
        ? registries.map((r) => `^${escape(r)}$`)
        : []),
      // The judges are pure mathematics: a provider that has the counts may ask one.
      ...(from === "metrics" ? ["^src/core/judge/"] : []),
      ...(from === "local" ? ["^src/metrics/traffic/source[.]ts$"] : []),
    ],
  },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: "adapters-are-strangers",
      severity: "error",
      from: { path: "^src/(routers|metrics|objects|controllers)/([^/]+)/", pathNot: tests },
      to: {
        path: "^src/(routers|metrics|objects|controllers)/[^/]+/",
        pathNot: [
          "^src/$1/$2/",
          "^src/objects/semantics/",
          "^src/controllers/rollout/references[.]ts$",
          "^src/metrics/(http|source)",
          "^src/metrics/traffic/source[.]ts$",
          "^src/metrics/counts/(counts|sources)[.]ts$",
        ],
      },
    },
    {
      name: "pure-has-no-packages",
      severity: "error",
      from: { path: "^src/(lib|core)/", pathNot: tests },
      to: { dependencyTypes: ["npm", "npm-dev", "core"] },
    },
    { name: "no-circular", severity: "error", from: { path: "^src" }, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, path: "^src", pathNot: ["[.]test[.]ts$", "[.]d[.]ts$"] },
      to: {},
    },
    {
      name: "no-tests-in-sources",
      severity: "error",
      from: { path: "^src", pathNot: tests },
      to: { path: "[.]test[.]ts$|[.]test-support[.]ts$|^test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.node.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
  },
};
