/** Holds the source to the picture in arrows.ts: arrows, circles, powers, packages and form. */

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { arrows } from "./arrows.ts";
import {
  badForm,
  brokenImports,
  circles,
  forbiddenArrows,
  forbiddenPackages,
  forbiddenPowers,
  longWithoutReason,
  siblingLayers,
  upwardInCore,
} from "./check-sources.ts";
import { readSources } from "./import-graph.ts";

const files = readSources(fileURLToPath(new URL("../../src", import.meta.url)));

describe("the source", () => {
  it("is read at all", () => {
    expect(files.length).toBeGreaterThan(10);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(10);
  });
  it("draws no arrow the picture does not have", () => expect(forbiddenArrows(files)).toEqual([]));
  it("keeps the folders of layers apart", () => expect(siblingLayers(files)).toEqual([]));
  it("looks down only, inside core too", () => expect(upwardInCore(files)).toEqual([]));
  it("has no circle of files", () => expect(circles(files)).toEqual([]));
  it("imports only files that exist", () => expect(brokenImports(files)).toEqual([]));
  it("loads packages lazily and keeps core free of them", () => expect(forbiddenPackages(files)).toEqual([]));
  it("imports no module of Node at the start, which takes Node milliseconds", () => {
    const atOnce = new Set(["entries/index.ts"]);
    const ofNode: string[] = [];
    for (const path of atOnce) {
      for (const { specifier, target, typeOnly, dynamic } of files.find((file) => file.path === path)?.imports ?? []) {
        if (typeOnly || dynamic) continue;
        if (target !== undefined) atOnce.add(target);
        else if (specifier.startsWith("node:")) ofNode.push(`${path} imports ${specifier}`);
      }
    }
    expect(atOnce.size).toBeGreaterThan(100);
    expect(ofNode).toEqual([]);
  });
  it("takes clock, timers, randomness and network from the runtime", () => expect(forbiddenPowers(files)).toEqual([]));
  it("has no drawers, no inner barrels, and says why each file exists", () => expect(badForm(files)).toEqual([]));
  it("explains every file over 250 lines", () => expect(longWithoutReason(files)).toEqual([]));
});

describe("the picture", () => {
  it("has no circle of areas, the front doors and faces included", () => {
    const visit = (area: string, trail: readonly string[]): void => {
      expect(trail, `${[...trail, area].join(" → ")}`).not.toContain(area);
      for (const next of arrows[area]?.may ?? []) visit(next, [...trail, area]);
    };
    for (const area of Object.keys(arrows)) visit(area, []);
  });

  it("says of every area that can be reached through others whether it may be imported directly", () => {
    const silent = Object.entries(arrows).flatMap(([from, arrow]) =>
      [...new Set(arrow.may.flatMap((area) => arrows[area]?.may ?? []))]
        .filter((to) => !arrow.may.includes(to) && !Object.hasOwn(arrow.never ?? {}, to))
        .map((to) => `${from} → ${to}`),
    );
    expect(silent).toEqual([]);
  });

  it("names only areas that have a row", () => {
    const named = Object.values(arrows).flatMap((arrow) => [...arrow.may, ...Object.keys(arrow.never ?? {})]);
    expect(named.filter((area) => !Object.hasOwn(arrows, area))).toEqual([]);
  });

  it("never allows what it also forbids", () => {
    const both = Object.entries(arrows).flatMap(([from, arrow]) =>
      arrow.may.filter((to) => Object.hasOwn(arrow.never ?? {}, to)).map((to) => `${from} → ${to}`),
    );
    expect(both).toEqual([]);
  });

  it("keeps the lowest and the outermost areas where they are", () => {
    expect(arrows.core?.may).toEqual([]);
    for (const [area, arrow] of Object.entries(arrows)) {
      expect(arrow.may, `${area} → cli`).not.toContain("cli");
      if (area !== "entries") expect(arrow.may, `${area} → testing`).not.toContain("testing");
      if (area !== "cli") expect(arrow.may, `${area} → entries`).not.toContain("entries");
    }
    for (const area of ["layers", "patterns"]) {
      for (const above of ["agent", "models", "prompt"]) expect(arrows[area]?.may).not.toContain(above);
    }
    for (const above of ["layers", "providers", "introspection"]) expect(arrows.agent?.may).not.toContain(above);
    for (const above of ["agent", "layers"]) expect(arrows.introspection?.may).not.toContain(above);
  });
});
