/** Builds one file for each front door, with its types. `exports` in package.json is written by hand; a test keeps both in step. */

import type { UserConfig } from "tsdown";

export default {
  entry: {
    index: "src/entries/index.ts",
    introspection: "src/entries/introspection.ts",
    models: "src/entries/models.ts",
    patterns: "src/entries/patterns.ts",
    providers: "src/entries/providers.ts",
    store: "src/entries/store.ts",
    templates: "src/entries/templates.ts",
    testing: "src/entries/testing.ts",
    tools: "src/entries/tools.ts",
    types: "src/entries/types.ts",
    cli: "src/cli/main.ts",
  },
  format: "esm",
  platform: "node",
  target: "node22",
  dts: true,
  fixedExtension: false,
  hash: false,
  exports: false,
  // The declarations carry the documentation; in the code it would double what every start reads.
  outputOptions: { comments: { jsdoc: false, annotation: true, legal: true } },
  // Packages stay imports, dev dependencies too: bundling one must be an error, not a habit.
  deps: { neverBundle: true, onlyBundle: [] },
  publint: true,
  attw: { profile: "esm-only", level: "error" },
} satisfies UserConfig;
