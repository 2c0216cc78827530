/** Type-checks and runs every TypeScript example of the pages and of the source, and checks the commands they name. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Example, examplesOfPage, examplesOfSource, fencesOfPage } from "./fences.ts";
import { checkPrograms, complaintAbout, programsOf, repository, runProgram, writePrograms } from "./programs.ts";

const pages = find("*.md", "docs/**/*.md", "examples/**/*.md");
const unreadable: string[] = [];
const examples: readonly Example[] = [
  ...pages.flatMap((page) => readable(() => examplesOfPage(page, read(page)))),
  ...find("src/**/*.ts").flatMap((page) => readable(() => examplesOfSource(page, read(page)))),
];
const programs = programsOf(examples);
const folder = writePrograms("docs", programs);

describe("the pages", () => {
  it("and the source hold only examples that can be read", () => expect(unreadable).toEqual([]));

  it("begin with a README that shows how to use the package", () => {
    expect(examples.some(({ page, run }) => page === "README.md" && run)).toBe(true);
  });

  it.each(pages)("%s names only commands that exist", (page) => {
    const { scripts, bin, name } = JSON.parse(read("package.json")) as PackageFile;
    const known = new Set(Object.keys(scripts));
    for (const fence of fencesOfPage(page, read(page)).filter(({ info }) => /^(sh|bash|console)\b/.test(info))) {
      for (const command of fence.lines.flatMap((line) => line.replace(/#.*$/, "").split(/&&|\|\||;/))) {
        const place = `${page}:${fence.line}: ${command.trim()}`;
        const script = /\bnpm run ([\w:.-]+)/.exec(command)?.[1] ?? /\bnpm (start|test)\b/.exec(command)?.[1];
        if (script !== undefined) expect(known, place).toContain(script);
        const program = /\bnpx ([\w@/.-]+)/.exec(command)?.[1];
        if (program?.startsWith("flock")) expect(Object.keys(bin), place).toContain(program);
        const file = /\bnode (?:--\S+ )*([\w./-]+\.[cm]?[jt]s)\b/.exec(command)?.[1];
        if (file !== undefined) expect(existsSync(join(repository, file)), `${place} names a file`).toBe(true);
        const installed = /\bnpm (?:i|install|add) (?:-\S+ )*(flock[\w-]*)/.exec(command)?.[1];
        if (installed !== undefined) expect(installed, place).toBe(name);
      }
    }
  });

  it.each(pages)("%s links only to files that exist", (page) => {
    const prose = read(page).replace(/^\s*```[\s\S]*?^\s*```/gm, "");
    const links = [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map((link) => link[1] ?? "");
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !existsSync(join(repository, page, "..", link)));
    expect(broken).toEqual([]);
  });
});

describe.runIf(programs.length > 0)("the example at", () => {
  let complaints: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    complaints = await checkPrograms(folder, programs);
  }, 300_000);

  for (const program of programs) {
    const place = `${program.example.page}:${program.example.line}`;
    it(`${place} fits the types`, () => expect(complaints.get(program.file)).toEqual([]));
    if (!program.example.run) continue;
    it.concurrent(`${place} runs offline and prints what it promises`, { timeout: 120_000 }, async ({ expect }) => {
      expect(complaintAbout(program, await runProgram(folder, program))).toBeUndefined();
    });
  }
});

interface PackageFile {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

/** One bad example must not hide the others. */
function readable(readExamples: () => readonly Example[]): readonly Example[] {
  try {
    return readExamples();
  } catch (error) {
    unreadable.push((error as Error).message);
    return [];
  }
}

function find(...patterns: readonly string[]): readonly string[] {
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: repository }))
    .map((path) => path.split(sep).join("/"))
    .filter((path) => !path.startsWith("docs/api/") && !path.includes("node_modules/"))
    .sort();
}

function read(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}
