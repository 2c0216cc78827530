/** Reads the repository's own files for the tests of this folder. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The parts of a package.json the tests ask about. */
export interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Reads one file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** Reads the manifest of the package, or of a workspace. */
export function readManifest(folder = "."): Manifest {
  return JSON.parse(readText(join(folder, "package.json"))) as Manifest;
}

/** Names the files of one folder. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(join(repository, folder)).sort();
}

/** Names all files git keeps, and those it would keep if they were added. */
export function keptFiles(): readonly string[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  return execFileSync("git", args, { cwd: repository, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "");
}
