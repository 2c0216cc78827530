/** Proves that the checker of examples can fail: at reading, at types, at running and at what is printed. */

import { beforeAll, describe, expect, it } from "vitest";
import { examplesOfPage, examplesOfSource } from "./fences.ts";
import { checkPrograms, complaintAbout, type Program, programsOf, runProgram, writePrograms } from "./programs.ts";

const tick = "```";

function page(...fences: readonly string[]): string {
  return fences.map((fence) => fence.replaceAll("~~~", tick)).join("\n\n");
}

describe("reading a page", () => {
  it("finds fences with their lines, flags and promised output", () => {
    const text = page(
      "# Title",
      "~~~ts\nconst a = 1;\n~~~",
      "~~~text\n1\n\n 2\n~~~",
      "~~~ts no-run\nb();\n~~~",
      "~~~sh\nls\n~~~",
    );
    expect(examplesOfPage("p.md", text)).toEqual([
      { page: "p.md", line: 4, code: "const a = 1;", checked: true, run: true, continues: false, prints: ["1", "2"] },
      { page: "p.md", line: 14, code: "b();", checked: true, run: false, continues: false, prints: [] },
    ]);
  });

  it("takes a text fence as promised output only when nothing stands between", () => {
    const [example] = examplesOfPage("p.md", page("~~~ts\n1;\n~~~", "Elsewhere:", "~~~text\n1\n~~~"));
    expect(example?.prints).toEqual([]);
  });

  it("skips fences shown inside a longer fence and unindents those in lists", () => {
    const text = page(
      "~~~~md\n~~~ts\nshown\n~~~\n~~~~".replace("~~~~md", `${tick}\`md`).replace(/~~~~$/, `${tick}\``),
      "- item\n\n  ~~~ts\n  if (a)\n    b();\n  ~~~",
    );
    expect(examplesOfPage("p.md", text).map(({ code }) => code)).toEqual(["if (a)\n  b();"]);
  });

  it.each([
    ["a flag nobody knows", "~~~ts norun\n1;\n~~~", /p\.md:1 says "norun"; a fence may say no-run/],
    ["a fence without end", "~~~ts\n1;", /p\.md:1 opens a fence that never ends/],
    ["output of an example that is not run", "~~~ts no-run\n1;\n~~~\n\n~~~text\n1\n~~~", /never run/],
  ])("refuses %s", (_, text, message) => {
    expect(() => examplesOfPage("p.md", page(text))).toThrow(message);
  });

  it("refuses to continue what is not there", () => {
    expect(() => programsOf(examplesOfPage("p.md", page("~~~ts continues\n1;\n~~~")))).toThrow(/continues/);
  });
});

describe("reading a source file", () => {
  it("finds the fences of @example blocks alone", () => {
    const source = page(
      `const glob = "src/**/*.ts";`,
      "  /**\n   * Adds.\n   *\n   * ~~~ts\n   * prose();\n   * ~~~\n   * @example\n   * ~~~ts\n   * add(1);\n   *   more();\n   * ~~~\n   * @throws never\n   */",
    );
    expect(examplesOfSource("a.ts", source)).toMatchObject([{ line: 11, code: "add(1);\n  more();" }]);
  });

  it("refuses an @example nobody could check", () => {
    expect(() => examplesOfSource("a.ts", "/**\n * @example add(1)\n */")).toThrow(/a\.ts:2 has an @example without/);
  });
});

describe("a page of good and bad examples", () => {
  const text = page(
    "~~~ts\nconst words: string[] = ['a', 'b'];\nconsole.log(words.length, 'words in', 12, 'ms');\n~~~",
    "~~~text\n2 words in … ms\n~~~",
    "~~~ts continues\nwords.push('c');\nconsole.log(words.length);\n~~~",
    "~~~text\n3\n~~~",
    "~~~ts continues\nconst wrong: number = words;\n~~~",
    "~~~ts\nthrow new Error('broken example');\n~~~",
    "~~~ts\nconsole.log('one');\nconsole.log('two');\n~~~",
    "~~~text\ntwo\none\n~~~",
    "~~~ts\nsetInterval(() => {}, 1000);\n~~~",
    "~~~ts\nconsole.log(process.env.FLOCK_MODEL, process.env.SECRET_OF_THE_HOST ?? 'clean', process.versions.node.split('.')[0]);\n~~~",
    "~~~text\noffline clean 24\n~~~",
  );
  const programs = programsOf(examplesOfPage("p.md", text));
  const folder = writePrograms("docs-harness", programs);
  let complaints: ReadonlyMap<string, readonly string[]>;
  const at = (index: number): Program => programs[index] as Program;
  const complaint = async (index: number, limitMs?: number) =>
    complaintAbout(at(index), await runProgram(folder, at(index), limitMs));

  beforeAll(async () => {
    process.env.SECRET_OF_THE_HOST = "seen";
    complaints = await checkPrograms(folder, programs);
  }, 120_000);

  it("tells type errors at their place in the page, also across continued fences", () => {
    expect([...complaints.values()].filter((found) => found.length > 0)).toEqual([
      [expect.stringMatching(/^p\.md:20:7 error TS2322: Type 'string\[\]' is not assignable to type 'number'/)],
    ]);
  });

  it("accepts output that is promised, with … for what differs", { timeout: 60_000 }, async () => {
    expect(await complaint(0)).toBeUndefined();
    expect(await complaint(1)).toBeUndefined();
  });

  it("runs with the offline model, nothing from the host, on the pinned Node", { timeout: 60_000 }, async () => {
    expect(await complaint(6)).toBeUndefined();
  });

  it("tells an example that throws", { timeout: 60_000 }, async () => {
    expect(await complaint(3)).toMatch(/^p\.md:24 exited with 1:[\s\S]*broken example/);
  });

  it("tells lines that are missing or in another order", { timeout: 60_000 }, async () => {
    expect(await complaint(4)).toMatch(/^p\.md:28 promises the line "one"/);
  });

  it("ends an example that does not end", { timeout: 60_000 }, async () => {
    expect(await complaint(5, 1_500)).toMatch(/did not end in time/);
  });
});
