import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";
import { largeText, readPlainAnswer } from "../../src/prompt/read/plain-json.ts";
import { readAnswer, readAnswerInTurns } from "../../src/prompt/read/read-answer.ts";
import { readingSteps, readValue } from "../../src/prompt/read/read-value.ts";
import { TolerantReader } from "../../src/prompt/read/tolerant-reader.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

const shape = parseSignature("title: str, rows: list[{ id: int, name: str }]");

function answerOf(rows: number): string {
  const list = Array.from({ length: rows }, (_, id) => ({ id, name: `row "${id}", of a length` }));
  return JSON.stringify({ title: "T", rows: list });
}

const forms: readonly (readonly [name: string, make: (json: string) => string])[] = [
  ["valid", (json) => json],
  ["fenced between prose", (json) => `See [this]:\n\`\`\`json\n${json}\n\`\`\`\nDone {so}.`],
  ["with a comma too many", (json) => `${json.slice(0, -1)},}`],
  ["with bare keys", (json) => json.replaceAll(/"(id|name|rows|title)":/g, "$1:")],
];

function stepsOf(steps: Generator<unknown, unknown>): number {
  let count = 0;
  while (!steps.next().done) count++;
  return count;
}

describe("large answers", () => {
  it("are left to the reader that takes turns", () => {
    const text = answerOf(2_000);
    expect(text.length).toBeGreaterThan(largeText);
    expect(readPlainAnswer(text, shape)).toBeUndefined();
    expect(readPlainAnswer(answerOf(1), shape)).toMatchObject({ ok: true });
  });

  it.each(forms)("are read in turns as without them when %s", async (_, make) => {
    for (const rows of [2_000, 30_000]) {
      const text = make(answerOf(rows));
      const runtime = createTestRuntime({ seed: 1 });
      expect(await readAnswerInTurns(text, shape, { runtime })).toEqual(readAnswer(text, shape));
    }
  });

  it("give way to each other and to timers, one piece a turn of the event loop", async () => {
    const texts = forms.map(([, make]) => make(answerOf(20_000)));
    // A clock that goes on with every look makes every piece use up its slice.
    const test = createTestRuntime({ seed: 1 });
    let now = 0;
    const runtime = { ...test, monotonic: () => (now += 5), shared: test.shared.bind(test) };
    let turns = 0;
    let reading = true;
    const count = () => {
      turns++;
      if (reading) setImmediate(count);
    };
    setImmediate(count);
    const answers = await Promise.all(texts.map((text) => readAnswerInTurns(text, shape, { runtime })));
    reading = false;
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect(turns).toBeGreaterThan(texts.length * 2);
  });

  it("stop being read with the signal's own reason", async () => {
    const runtime = createTestRuntime({ seed: 1 });
    const reason = new Error("enough");
    const pending = readAnswerInTurns(answerOf(2_000), shape, { runtime, signal: AbortSignal.abort(reason) });
    await expect(pending).rejects.toBe(reason);
  });

  it("are given up in turns like any other when nothing fits", async () => {
    const runtime = createTestRuntime({ seed: 1 });
    const text = `{"title": 1}${" ".repeat(largeText)}`;
    expect(await readAnswerInTurns(text, shape, { runtime })).toMatchObject({
      ok: false,
      error: { code: "output_invalid" },
    });
    expect(await readAnswerInTurns("x".repeat(largeText + 1), shape, { runtime })).toMatchObject({
      ok: false,
      error: { code: "output_unreadable" },
    });
  });

  it("are read in slices as JSON.parse reads them", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        const reader = new TolerantReader(json, 0, { maxDepth: 256, partial: false });
        const expected = readValue(json);
        if (typeof expected !== "object" || expected === null) return;
        while (!reader.run(1));
        expect(reader.value).toEqual(expected);
        expect([reader.complete, reader.at]).toEqual([true, json.trimEnd().length]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the work of reading", () => {
  it.each(forms)("grows with the text alone when %s", (_, make) => {
    const [one, two, four] = [100_000, 200_000, 400_000].map((rows) =>
      stepsOf(readingSteps(make(answerOf(rows / 4)), { maxDepth: 256 }, true)),
    ) as [number, number, number];
    expect(two).toBeLessThanOrEqual(2.2 * one + 2);
    expect(four).toBeLessThanOrEqual(2.2 * two + 2);
  });

  it.each([
    ["braces", "{"],
    ["brackets", "["],
    ["quotes", '"'],
    ["backslashes", "\\"],
    ["backticks", "`"],
    ["closing thoughts", "</think>"],
    ["opening thoughts", "<think>{"],
    ["line breaks in a text", '{"a": "\n,\n'],
    ["escaped quotes", '\\"'],
    ["entities", "{&quot;"],
    ["words", "a: b, "],
    ["labels", "title: x\n"],
    ["triple quotes", '{"a": """'],
    ["commas in words", "{a: b, c, "],
    ["rows", '{"a": 1}\n'],
    ["premature ends", '{"a": 1}, "b": '],
    ["lists behind lists", '{"a": [1], [2'],
  ])(
    "stays linear for megabytes of %s",
    (_, piece) => {
      const text = piece.repeat(1_000_000 / piece.length);
      for (const options of [{}, { maxDepth: 10_000_000 }]) {
        for (const read of [() => readValue(text, options), () => readAnswer(text, shape, options)]) {
          try {
            read();
          } catch (error) {
            if (!isFlockError(error, "output_unreadable")) throw error;
          }
        }
      }
      const reader = new PartialReader({ maxDepth: 10_000_000 });
      reader.push(text);
      reader.finish();
    },
    60_000,
  );

  it("takes 100,000 levels when allowed, whole or broken, and refuses them otherwise", () => {
    const deep = "[".repeat(100_000);
    for (const text of [`${deep}${"]".repeat(100_000)}`, deep, `${deep}${"]".repeat(99_999)}`]) {
      let levels = 0;
      for (let at = readValue(text, { maxDepth: 200_000 }); Array.isArray(at); at = at[0]) levels++;
      expect(levels).toBe(100_000);
      expect(() => readValue(text)).toThrowError(expect.objectContaining({ code: "output_unreadable" }));
    }
  });
});
