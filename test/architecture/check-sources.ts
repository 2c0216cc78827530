/** Checks source files against the picture and gives one sentence for each thing that breaks it, with the way out. */

import { type Arrow, arrows, coreRooms, longFiles, powers, typePackages, waysOut } from "./arrows.ts";
import type { ImportLine, SourceFile } from "./import-graph.ts";

const lineLimit = 250;
const drawers = new Set(["util", "utils", "helper", "helpers", "types", "common", "misc", "shared", "lib"]);

/** Gives the area of a file: its first folder, or its name when it lies in the root. */
export function areaOf(path: string): string {
  const slash = path.indexOf("/");
  return slash === -1 ? path.replace(/\.ts$/, "") : path.slice(0, slash);
}

/** Finds imports between areas that the table does not allow. */
export function forbiddenArrows(
  files: readonly SourceFile[],
  table: Readonly<Record<string, Arrow>> = arrows,
): readonly string[] {
  return files.flatMap((file) => {
    const from = areaOf(file.path);
    const arrow = table[from];
    if (arrow === undefined) {
      return [`src/${file.path} lies in "${from}", which is not in the picture. Way out: give it a row in arrows.ts.`];
    }
    return file.imports.flatMap((line) => {
      if (line.target === undefined) return [];
      const to = areaOf(line.target);
      if (to === from || arrow.may.includes(to)) return [];
      const wayOut = arrow.never?.[to] ?? waysOut[to] ?? "move what both need into a lower area";
      return [
        `${place(file, line)} draws the forbidden arrow ${from} → ${to} (${line.specifier}). Way out: ${wayOut}.`,
      ];
    });
  });
}

/** Finds imports between the folders of layers, and from a folder up to the files beside it. */
export function siblingLayers(files: readonly SourceFile[]): readonly string[] {
  const folderOf = (path: string): string | undefined => /^layers\/([^/]+)\//.exec(path)?.[1];
  return files.flatMap((file) => {
    const from = folderOf(file.path);
    if (from === undefined) return [];
    return file.imports.flatMap((line) => {
      if (line.target === undefined || areaOf(line.target) !== "layers" || folderOf(line.target) === from) return [];
      return [
        `${place(file, line)} draws the forbidden arrow layers/${from} → ${line.target}. Way out: layers know nothing of each other; move what both need into core, or let layers/default-stack.ts join them.`,
      ];
    });
  });
}

/** Finds imports inside core from a room up to a higher one. */
export function upwardInCore(files: readonly SourceFile[]): readonly string[] {
  const rankOf = (path: string): number => coreRooms.indexOf(/^core\/(?:([^/]+)\/)?/.exec(path)?.[1] ?? "");
  return files.flatMap((file) => {
    if (areaOf(file.path) !== "core") return [];
    const from = rankOf(file.path);
    if (from < 0) return [`src/${file.path} lies in no room of core. Way out: give its room a place in arrows.ts.`];
    return file.imports.flatMap((line) => {
      if (line.target === undefined || areaOf(line.target) !== "core" || rankOf(line.target) <= from) return [];
      return [
        `${place(file, line)} looks up to ${line.target}. Way out: the rooms of core, lowest first, are ${coreRooms.map((room) => room || "core itself").join(", ")}; move the file up, or what it needs down.`,
      ];
    });
  });
}

/** Finds packages that are imported where only Node's modules, or types, may be. */
export function forbiddenPackages(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((line) => {
      if (line.target !== undefined || line.specifier.startsWith("node:")) return [];
      const isType = line.typeOnly && typePackages.includes(line.specifier);
      if (areaOf(file.path) === "core") {
        return [
          `${place(file, line)} lets core know the package "${line.specifier}". Way out: core knows Node's own modules alone; define a port in core and implement it above.`,
        ];
      }
      if (line.dynamic || isType) return [];
      return [
        `${place(file, line)} imports the package "${line.specifier}" for everyone. Way out: load it with await import() where it is used${typePackages.includes(line.specifier) ? ", or use import type" : ""}.`,
      ];
    }),
  );
}

/** Finds circles of files; type-only, dynamic and re-exporting lines count. Each circle is told once. */
export function circles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      const circle = [...trail.slice(start), path].map((step) => `src/${step}`).join(" → ");
      found.push(`${circle} is a circle. Way out: move what both ends need into a file of its own below them.`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const line of byPath.get(path)?.imports ?? []) if (line.target !== undefined) visit(line.target);
    trail.pop();
    done.add(path);
  };
  for (const file of files) visit(file.path);
  return found;
}

/** Finds relative imports that lead to no file of the source. */
export function brokenImports(files: readonly SourceFile[]): readonly string[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    file.imports
      .filter((line) => line.target !== undefined && !known.has(line.target))
      .map((line) => `${place(file, line)} imports ${line.specifier}, which is no file below src.`),
  );
}

/** Finds uses of clock, timers, randomness, network and the like outside the one file that may. */
export function forbiddenPowers(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    file.uses.flatMap((use) =>
      powers
        .filter((power) => power.names.includes(use.name) && power.only !== file.path)
        .map((power) => {
          const owner = power.only === "nobody" ? "which nobody may use" : `which only src/${power.only} may use`;
          return `src/${file.path}:${use.line} uses ${use.name}, ${owner}. Way out: ${power.wayOut}.`;
        }),
    ),
  );
}

/** Finds drawers, inner barrels and files that do not say why they exist. */
export function badForm(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const found: string[] = [];
    const parts = file.path.replace(/(?:\.d)?\.ts$/, "").split("/");
    const drawer = parts.find((part) => drawers.has(part));
    if (drawer !== undefined && file.path !== "entries/types.ts") {
      found.push(`src/${file.path} is a drawer ("${drawer}"). Way out: name it for the one thing it does.`);
    }
    if (parts.at(-1) === "index" && file.path !== "entries/index.ts") {
      found.push(`src/${file.path} is an inner barrel. Way out: import the files themselves.`);
    }
    if (parts.some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))) {
      found.push(`src/${file.path} is not in kebab-case. Way out: name it after its main export, words joined by "-".`);
    }
    if (!file.opensWithComment) {
      found.push(`src/${file.path} does not open with a comment. Way out: say in one sentence why it exists.`);
    }
    return found;
  });
}

/** Finds files over the length that wants a reason, and reasons that are no longer needed. */
export function longWithoutReason(
  files: readonly SourceFile[],
  reasons: Readonly<Record<string, string>> = longFiles,
): readonly string[] {
  const long = files.filter((file) => file.lineCount > lineLimit);
  const unexplained = long
    .filter((file) => !Object.hasOwn(reasons, file.path))
    .map(
      (file) =>
        `src/${file.path} has ${file.lineCount} lines, over ${lineLimit}. Way out: split it, or give the reason in longFiles of arrows.ts.`,
    );
  const stale = Object.keys(reasons)
    .filter((path) => !long.some((file) => file.path === path))
    .map((path) => `longFiles explains src/${path}, which has at most ${lineLimit} lines. Way out: remove the reason.`);
  return [...unexplained, ...stale];
}

function place(file: SourceFile, line: ImportLine): string {
  return `src/${file.path}:${line.line}`;
}
