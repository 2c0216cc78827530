/** Reads what the build wrote: which files an entry loads at once, and which packages each file names. */

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "vitest/node";

export const repository = fileURLToPath(new URL("..", import.meta.url));

if (!existsSync(join(repository, "dist/index.js"))) {
  process.stderr.write("there is nothing in dist yet; run: npm run build\n");
  process.exit(1);
}

/** What one built file imports. */
export interface BuiltImports {
  /** Loaded with the file. */
  readonly atOnce: readonly string[];
  /** Loaded by `import()` when something needs it. */
  readonly lazily: readonly string[];
}

/** Reads the imports of a built file; `path` is relative to the repository. */
export function importsOf(path: string): BuiltImports {
  const atOnce: string[] = [];
  const lazily: string[] = [];
  const language = path.endsWith(".d.ts") ? "dts" : "js";
  const visit = (node: Record<string, unknown>): void => {
    const source = node.source as { readonly value?: unknown } | null | undefined;
    if (typeof source?.value === "string") {
      (node.type === "ImportExpression" ? lazily : atOnce).push(source.value);
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child === "object" && child !== null) visit(child as Record<string, unknown>);
      }
    }
  };
  const text = readFileSync(join(repository, path), "utf8");
  visit(parseAst(text, { lang: language }) as unknown as Record<string, unknown>);
  return { atOnce, lazily };
}

/** Gives an entry and every file it loads at once, as paths relative to the repository. */
export function loadedWith(entry: string): readonly string[] {
  const files = new Set<string>([entry]);
  for (const file of files) {
    for (const specifier of importsOf(file).atOnce) {
      if (specifier.startsWith(".")) files.add(posix.join(posix.dirname(file), specifier));
    }
  }
  return [...files];
}

/** Gives the package of a specifier, or undefined for Node's modules and relative files. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
