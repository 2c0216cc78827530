/** Understands the patterns of `include`. */

import { FlockError } from "../../core/errors/errors.ts";

/**
 * Gives a test for paths with `/` between their parts. `*` and `?` stay within a part, `**` spans parts, `{a,b}` is a choice; a
 * pattern without `/` is about the last part alone.
 *
 * @throws path_forbidden for a pattern that leads out of the folder.
 */
export function matchGlobs(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => {
    if (pattern.startsWith("/") || pattern.split("/").includes("..")) {
      throw new FlockError(
        "path_forbidden",
        `openDocuments: the pattern "${pattern}" leads out of the folder; patterns are relative to it, without ".."`,
        { details: { path: pattern } },
      );
    }
    return new RegExp(`^${pattern.includes("/") ? "" : "(?:.*/)?"}${sourceOf(pattern.replace(/^\.\//, ""))}$`, "s");
  });
  return (path) => tests.some((test) => test.test(path));
}

function sourceOf(pattern: string): string {
  let depth = 0;
  const source = pattern.replace(/\*\*\/|\*+|[?{},]|[.+^$()|[\]\\]/g, (part, offset: number) => {
    if (part === "**/") return "(?:.*/)?";
    if (part.startsWith("*")) return part.length > 1 ? ".*" : "[^/]*";
    if (part === "?") return "[^/]";
    if (part === "," && depth > 0) return "|";
    if (part === "{" && pattern.includes("}", offset)) {
      depth++;
      return "(?:";
    }
    if (part === "}" && depth > 0) {
      depth--;
      return ")";
    }
    return part === "," ? part : `\\${part}`;
  });
  return source + ")".repeat(depth);
}
