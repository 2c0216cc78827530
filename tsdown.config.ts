/** Builds one file for each front door, with its types. `exports` in package.json is written by hand; a test keeps both in step. */

import { fileURLToPath } from "node:url";
import type { UserConfig } from "tsdown";

/** Front doors that do without agents and the Flock; what they load must not bring those along. */
const smallDoors = ["cache", "errors", "models", "providers", "resources", "store", "tools", "types"];

/** What is read of the bundler's graph: who imports a module at once. */
interface ModuleGraph {
  getModuleInfo(id: string): { readonly importers: readonly string[] } | null;
}

/** Reading what is not plain JSON: agents import it when an answer first needs it, so that bundlers can leave it apart. */
function isMending(id: string): boolean {
  const isCode = !id.endsWith(".d.ts");
  return isCode && /\/src\/prompt\/(?:json-schema\/|read\/(?!plain-json|safe-value|source-position))/.test(id);
}

/** Checking by a JSON Schema: only who holds one needs it. */
function isJsonSchema(id: string): boolean {
  const isCode = !id.endsWith(".d.ts");
  return isCode && /\/src\/signature\/json-schema\/(?:compile\/|pattern\/|bend-value|json-schema-type)/.test(id);
}

/**
 * Puts all that the main door loads at once into few files, `base`, `core`, `mending` and `json-schema`: opening twenty small ones took Node longer
 * than reading their code. What only other doors or lazy imports load is cut as the bundler sees fit.
 */
function startFile(id: string, graph: ModuleGraph): string | null {
  const above = new Set([id]);
  for (const module of above) {
    for (const importer of graph.getModuleInfo(module)?.importers ?? []) above.add(importer);
  }
  const isLoadedBy = (door: string) => above.has(fileURLToPath(new URL(`src/entries/${door}.ts`, import.meta.url)));
  if (!isLoadedBy("index")) return null;
  return smallDoors.some(isLoadedBy) ? "base" : "core";
}

export default {
  entry: {
    cache: "src/entries/cache.ts",
    errors: "src/entries/errors.ts",
    index: "src/entries/index.ts",
    introspection: "src/entries/introspection.ts",
    models: "src/entries/models.ts",
    patterns: "src/entries/patterns.ts",
    providers: "src/entries/providers.ts",
    resources: "src/entries/resources.ts",
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
  outputOptions: {
    comments: { jsdoc: false, annotation: true, legal: true },
    codeSplitting: {
      groups: [
        { name: "json-schema", test: isJsonSchema, priority: 2, includeDependenciesRecursively: false },
        { name: "mending", test: isMending, priority: 1, includeDependenciesRecursively: false },
        { name: startFile, debugName: "start", includeDependenciesRecursively: false },
      ],
    },
  },
  // Packages stay imports, dev dependencies too: bundling one must be an error, not a habit.
  deps: { neverBundle: true, onlyBundle: [] },
  publint: true,
  attw: { profile: "esm-only", level: "error" },
} satisfies UserConfig;
