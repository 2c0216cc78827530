import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patternMachine } from "../../../src/signature/json-schema/pattern/pattern-machine.ts";
import { patternTree } from "../../../src/signature/json-schema/pattern/pattern-tree.ts";
import { SafePattern } from "../../../src/signature/json-schema/pattern/safe-pattern.ts";

/** Patterns as people write them. */
const ordinary = [
  String.raw`^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$`,
  String.raw`^[A-Z]{2}-\d{4}$`,
  String.raw`^(?:[a-z0-9]+\.)+[a-z]+$`,
  String.raw`^(\d{1,3}\.){3}\d{1,3}$`,
  String.raw`^[a-z0-9]+(?:-[a-z0-9]+)*$`,
  String.raw`^(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$`,
  String.raw`^\p{L}+(?: \p{L}+)*$`,
  String.raw`^(foo|bar|\u{1f600}|\ud83d\ude01)*$`,
  String.raw`^https?://[^\s/$.?#].[^\s]*$`,
  String.raw`^\d{1,3}(,\d{3})*(\.\d+)?$`,
  String.raw`^("[^"]*"|[^,"]*)(,("[^"]*"|[^,"]*))*$`,
  String.raw`^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$`,
  String.raw`^(ab?){30}$`,
  String.raw`^(\d{3}-?){2}\d{4}$`,
  String.raw`\bword\B|^$|[\]\\-]+|(?<name>x|)`,
  String.raw`^(?i:abc|[d-f])+\x41\u0042\cA?$`,
  String.raw`^.*$`,
  String.raw`\s+$`,
];
const withLooks = [
  String.raw`^(?=.*[A-Z])(?=.*\d).{8,}$`,
  String.raw`^P(?!$)(\d+Y)?(\d+M)?(T(?=\d)(\d+H)?(\d+S)?)?$`,
  String.raw`^(a|b)x\1(?<=x.)(?<!y)$`,
  String.raw`^(?<q>['"]).*\k<q>$`,
];
/** Two ways round one repeat: a few dozen characters could take hours. */
const dangerous = [
  "(a+)+$",
  "(a*)*b",
  String.raw`^(\w+\s?)*$`,
  "^(a|a)*$",
  "^(.*,)*x$",
  "(a|aa)+$",
  String.raw`^([a-zA-Z0-9]+\.?)+$`,
  "(x+x+)+y",
  String.raw`^(\d+)*$`,
  "((a{1,8}){1,8}){1,8}",
  "(?:(?:a?){20}){20}",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "^(a?b?)*$",
  String.raw`(\p{L}+\w*)+`,
  "^(?=(a+)+$)b",
  "^(a|b|ab)*c$",
  "(.*a){20}",
  "(a?){30}a{30}",
  "^(.{1,3})*$",
  "^(?:ab|.|[ab]){20}$",
];

describe("a pattern", () => {
  it.each([...ordinary, ...withLooks])("such as %s passes", (source) => {
    expect(new SafePattern(source).fault).toBeUndefined();
  });

  it.each(dangerous)("such as %s is refused with the reason", (source) => {
    expect(new SafePattern(source).fault).toContain("can be read in more than one way");
  });

  it("that is none, or out of all size, is refused", () => {
    expect(new SafePattern("(").fault).toContain("no regular expression");
    expect(new SafePattern("\\-_\\_").fault).toContain("no regular expression");
    expect(new SafePattern("a".repeat(10_001)).fault).toContain("longer than");
    expect(new SafePattern("[a-z]".repeat(601)).fault).toContain("too large");
  });

  it.each([
    ["many forms in one repeat", `^(?:${Array.from({ length: 590 }, (_, at) => `[a-z${at % 10}]`).join("|")})*$`],
    ["forms in repeats in repeats", `${"(".repeat(100)}${"a|".repeat(500)}b${")*".repeat(100)}`],
    ["counts of nothing", `${"(".repeat(200)}${"){33}".repeat(200)}`],
    ["brackets without end", `${"(".repeat(4_900)}a${")".repeat(4_900)}`],
  ])("of %s is judged in bounded time", (_, source) => {
    const startedAt = performance.now();
    const pattern = new SafePattern(source);
    if (pattern.fault === undefined) pattern.test("a".repeat(1_000));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("that counts nothing a billion times is written out once", () => {
    expect(patternMachine(patternTree("^(?:){1000000000}a$"))?.("a")).toBe(true);
  });

  it("with many forms in few rounds is left to the linear matcher, or refused where that cannot take it", () => {
    const forms = "(?:(?:aa|[ab]|.)(?:.b|.)){9}";
    expect(new SafePattern(`^${forms}$`).test(`${"ab".repeat(9)}!`)).toBe(false);
    expect(new SafePattern(`^(?=a)${forms}$`).fault).toContain("too many forms");
  });

  const texts = fc.stringMatching(/^[ab.\-1@ A"é😀_,/\n]{0,9}$/u);

  it.each(ordinary)("%s means the same to the linear matcher and the platform", (source) => {
    const matches = patternMachine(patternTree(source))!;
    const native = new RegExp(source, "u");
    fc.assert(
      fc.property(texts, (text) => {
        expect(matches(text)).toBe(native.test(text));
      }),
      { numRuns: 300 },
    );
  });

  it("made at random means the same to both", () => {
    const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "^", "$", "\\b", "(?:)", "é", "\\s");
    const pattern = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
        fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(?:${a}|${b})`),
        fc.tuple(tie("node"), fc.constantFrom("*", "+?", "?", "{2}", "{1,3}", "{2,}")).map(([a, q]) => `(${a})${q}`),
      ),
    })).node;
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab1 é]{0,7}$/), (source, text) => {
        expect(patternMachine(patternTree(source))!(text)).toBe(new RegExp(source, "u").test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is held to long texts in linear time, where backtracking would take polynomial time", () => {
    const text = "a".repeat(200_000);
    for (const [source, matches] of [
      ["^.*a.*b.*c.*$", false],
      ["(.*a){9}", true],
      [`${"a?".repeat(30)}a{30}`, true],
      ["\\s+x", false],
    ] as const) {
      const pattern = new SafePattern(source);
      expect(pattern.fault).toBeUndefined();
      expect(pattern.test(text)).toBe(matches);
    }
  });

  it("with looks is held to texts up to the length that stays cheap, and says so beyond", () => {
    const pattern = new SafePattern(String.raw`(?<=a)\s*\w*\s*\w*x`);
    expect(pattern.test(`a ${"b".repeat(10)}x`)).toBe(true);
    const long = " ".repeat(100_000);
    expect(pattern.canTest(long)).toBe(false);
    expect(pattern.test(long)).toBe(false);
    const password = new SafePattern(String.raw`^(?=.*[A-Z])(?=.*\d).{8,}$`);
    expect(password.test(`A1${"x".repeat(100_000)}`)).toBe(true);
  });

  it("whose counts are too large to write out is held to short texts alone", () => {
    const pattern = new SafePattern("^(?:x[ab]{0,150}){150}$");
    expect(pattern.fault).toBeUndefined();
    expect(pattern.canTest("x".repeat(1e6))).toBe(false);
  });
});
