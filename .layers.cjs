// The arrows between the rooms of src/, as data: a room may import itself and what is listed. The fences
// (.dependency-cruiser.cjs) are generated from it and test/tidy.test.ts holds docs/architecture.md against it.
const layers = {
  lib: [],
  api: ["lib"],
  core: ["lib", "api"],
  runtime: ["lib", "api"],
  objects: ["lib", "api", "runtime"],
  routers: ["lib", "api", "runtime"],
  metrics: ["lib", "api", "runtime"],
  gateway: ["lib", "runtime"],
  controllers: ["lib", "api", "core", "runtime"],
  local: ["lib", "api", "core", "runtime", "objects", "gateway"],
  simulator: ["lib", "api", "core", "runtime", "objects", "controllers", "routers", "metrics"],
};

module.exports = { layers };
