/** Keeps what belongs to one machine out of what everyone gets. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keptFiles, readText, repository } from "./manifest.ts";

const machinePath = /(?<![\w.:/*-])\/(?:work|tmp|root|home|Users)\/[\w.-]/;
const registryHost =
  /\bregistry\.[\w-]+\.(?:org|com|net|io|dev|cloud|internal|local)\b|:\/\/[\w.-]*(?:registry|artifactory|nexus)[\w-]*\./;

/** Finds lines that name a folder of one machine, or where its packages came from. */
function machineTraces(path: string, text: string): readonly string[] {
  if (text.includes("\0")) return [];
  return text.split("\n").flatMap((line, index) => {
    const trace = machinePath.exec(line)?.[0] ?? registryHost.exec(line)?.[0];
    return trace === undefined ? [] : [`${path}:${index + 1} names ${trace}`];
  });
}

describe("the kept files", () => {
  it("name no folder of a machine and no package registry", () => {
    const paths = keptFiles().filter((path) => existsSync(join(repository, path)));
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.flatMap((path) => machineTraces(path, readText(path)))).toEqual([]);
  });

  it("would be caught if they did, and are not suspected for nothing", () => {
    const bad = ["work", "tmp", "root", "home", "Users"].map((folder) => `see "/${folder}/x"`);
    const hosts = [`https://npm-${"registry"}.example.test/a`, `registry.${"npmjs"}.org`];
    for (const line of [...bad, ...hosts]) expect(machineTraces("a", line), line).toHaveLength(1);
    const good = ["src/work/x", "https://example.test/home/a", "registry.register(name)", "a /work b", "dist/tmp/x"];
    for (const line of good) expect(machineTraces("a", line), line).toEqual([]);
  });

  it("lock packages by content, not by address", () => {
    const { packages } = JSON.parse(readText("package-lock.json")) as {
      packages: Readonly<Record<string, { readonly resolved?: string; readonly link?: boolean }>>;
    };
    const addressed = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && !link);
    expect(addressed.map(([path]) => path)).toEqual([]);
  });
});
