/** Keeps the manifest, the front doors and the build in step, and every dependency pinned and explained. */

import { describe, expect, it } from "vitest";
import build from "../../tsdown.config.ts";
import { filesIn, type Manifest, readManifest, readText } from "./manifest.ts";

const manifest = readManifest();
const entries = filesIn("src/entries").map((file) => file.replace(/\.ts$/, ""));

describe("the front doors", () => {
  it("are the same in package.json and in src/entries", () => {
    const exported = Object.keys(manifest.exports ?? {})
      .filter((path) => path !== "./package.json")
      .map((path) => (path === "." ? "index" : path.slice(2)));
    expect(exported.sort()).toEqual(entries);
  });

  it("each lead to their source first, then to their types and code in dist", () => {
    for (const [path, target] of Object.entries(manifest.exports ?? {})) {
      if (path === "./package.json") continue;
      const name = path === "." ? "index" : path.slice(2);
      const expected = {
        "flock-source": `./src/entries/${name}.ts`,
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      };
      expect(Object.entries(target), path).toEqual(Object.entries(expected));
    }
  });

  it("are all built, the command line with them", () => {
    const expected = Object.fromEntries(entries.map((name) => [name, `src/entries/${name}.ts`]));
    expect(build.entry).toEqual({ ...expected, cli: "src/cli/main.ts" });
    expect(manifest.bin).toEqual({ "flock-ts": "./dist/cli.js" });
  });

  it("hold named re-exports only, the default environment where runs can start, and what tests must not wait for", () => {
    for (const name of entries) {
      const code = readText(`src/entries/${name}.ts`).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      const lazy =
        name === "testing"
          ? /import "\.\.\/(?:agent|introspection|layers)\/[\w/-]+\.ts";/g
          : /import "\.\.\/flock\.ts";/g;
      const rest = code
        .replace(/export (type )?\{[^}]*\} from "[^"]+";/g, "")
        .replace(lazy, "")
        .trim();
      expect(rest, `src/entries/${name}.ts`).toBe("");
    }
  });
});

describe("the package", () => {
  it("ships its build and its pages, nothing else", () => {
    expect(manifest.files).toEqual(["dist", "README.md", "CHANGELOG.md", "LICENSE"]);
    expect(manifest.license).toBe("MIT");
    expect(readText("LICENSE")).toContain("The Flock for TypeScript authors");
  });

  it.each([".", "bench"])("pins what %s installs to exact versions", (folder) => {
    const { dependencies, devDependencies, optionalDependencies } = readManifest(folder);
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it("marks every peer as optional", () => {
    for (const name of Object.keys(manifest.peerDependencies ?? {})) {
      expect(manifest.peerDependenciesMeta?.[name]?.optional, name).toBe(true);
    }
  });

  it.each([".", "bench"])("gives the reason for each dependency of %s in docs/decisions", (folder) => {
    const reasons = filesIn("docs/decisions")
      .map((file) => readText(`docs/decisions/${file}`))
      .join("\n");
    const unexplained = dependencyNames(readManifest(folder)).filter((name) => !reasons.includes(`\`${name}\``));
    expect(unexplained).toEqual([]);
  });
});

function dependencyNames(manifest: Manifest): readonly string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies });
}
