import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerPrinter } from "../../src/cli/output/answer-printer.ts";
import { plainText } from "../../src/cli/output/plain-text.ts";
import { renderAnswer } from "../../src/cli/output/render-answer.ts";
import { createTestRuntime } from "../../src/entries/testing.ts";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";
import { Collector, orders } from "./command-line.ts";

function printer(options: { json?: boolean; order?: readonly string[]; terminal?: boolean } = {}) {
  const stdout = new Collector(options.terminal ?? false);
  let now = 0;
  // Each look comes late enough to be taken.
  const runtime = { ...createTestRuntime(), monotonic: () => (now += 100) };
  const made = new AnswerPrinter({ stdout, runtime }, { json: options.json ?? false, order: options.order ?? [] });
  return { stdout, printer: made };
}

describe("an answer for people", () => {
  it("names fields and lists, one below the other", () => {
    const answer = {
      summary: "Bees dance.\nThey do.",
      keywords: ["bees", "dance"],
      findings: [{ quote: "So.", tags: ["a"] }, {}],
      place: { city: "Ulm", year: 1900 },
      sure: true,
      note: null,
      empty: [],
      blank: "",
      left: undefined,
      grid: [[1, 2], []],
    };
    expect(renderAnswer(answer)).toBe(`summary: Bees dance.
  They do.
keywords:
  - bees
  - dance
findings:
  - quote: So.
    tags:
      - a
  - none
place:
  city: Ulm
  year: 1900
sure: true
note: none
empty: none
blank:
grid:
  -
    - 1
    - 2
  - none`);
  });

  it("holds no order for the terminal but its own bold names", () => {
    const text = renderAnswer({ "na\x1b[2Jme": "\x1b]0;x\x07va\u202elue" }, { bold: true });
    expect(text).toBe("\x1b[1mname\x1b[22m: value");
  });
});

describe("a printer", () => {
  it("prints a growing answer by appending, whatever the answer and wherever it is cut", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((one) => plainText(one) === one);
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.boolean(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }),
      ),
    }));
    const answers = fc.dictionary(fc.constantFrom("one", "two", "three"), value, { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(answers, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (answer, steps) => {
        const whole = JSON.stringify(answer);
        const reader = new PartialReader();
        const { stdout, printer: made } = printer({ order: ["three", "two", "one"] });
        for (let at = 0, step = 0; at < whole.length; step++) {
          const size = steps[step % steps.length]!;
          reader.push(whole.slice(at, at + size));
          at += size;
          const partial = reader.value();
          if (typeof partial === "object" && partial !== null) made.grow(partial);
        }
        made.end(answer);
        expect(stdout.text).toBe(`${renderAnswer(answer)}\n`);
      }),
    );
  });

  it("prints in the declared order what did not grow", () => {
    const { stdout, printer: made } = printer({ order: ["a", "b"] });
    made.end({ b: 2, a: 1, extra: 3 });
    expect(stdout.text).toBe("a: 1\nb: 2\nextra: 3\n");
  });

  it("begins again when the answer does", () => {
    const { stdout, printer: made } = printer();
    made.grow({ a: "first tr" });
    made.grow({ a: "second" });
    made.end({ a: "second try" });
    expect(stdout.text).toBe("a: first tr\n\na: second try\n");
  });

  it("does not write half a character", () => {
    const { stdout, printer: made } = printer();
    made.grow({ a: "x\ud83d" });
    made.grow({ a: "x\ud83d\ude00" });
    made.end({ a: "x\ud83d\ude00" });
    expect(stdout.writes.filter((write) => write !== "")).toEqual(["a: x", "\ud83d\ude00", "\n"]);
  });

  it("ends the line of an answer that broke off, and only of one that began", () => {
    const { stdout, printer: made } = printer();
    made.abandon();
    expect(stdout.text).toBe("");
    made.grow({ a: "half" });
    made.abandon();
    expect(stdout.text).toBe("a: half\n");
  });

  it("prints a line of JSON for each state, in the declared order at the end", () => {
    const { stdout, printer: made } = printer({ json: true, order: ["a", "b"] });
    made.grow({ b: 1 });
    made.end({ b: 1, a: "\x1b[2J" });
    expect(stdout.text).toBe('{"b":1}\n{"a":"\\u001b[2J","b":1}\n');
  });

  it("looks at a growing answer no more often than every 30 ms", () => {
    const stdout = new Collector();
    const made = new AnswerPrinter({ stdout, runtime: createTestRuntime() }, { json: false, order: [] });
    for (const text of ["a", "ab", "abc"]) made.grow({ text });
    expect(stdout.text).toBe("text: a");
    made.end({ text: "abcd" });
    expect(stdout.text).toBe("text: abcd\n");
  });

  it("writes names bold on a terminal alone", () => {
    const { stdout, printer: made } = printer({ terminal: true });
    made.end({ a: "b\x1b[2J" });
    expect(stdout.text).toBe("\x1b[1ma\x1b[22m: b\n");
    const plain = printer();
    plain.printer.end({ a: "b\x1b[2J" });
    expect(plain.stdout.text).not.toMatch(orders);
  });
});
