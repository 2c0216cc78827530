/** What calls are guessed to take before they go out. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charactersOf, maxOutputOf, TokenEstimate } from "../../../src/layers/resources/token-estimate.ts";

const usage = fc
  .record({ inputTokens: fc.nat(1_000_000), outputTokens: fc.nat(1_000_000) })
  .map((counts) => ({ ...counts, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }));

describe("the estimate of tokens", () => {
  it("is never negative, a whole number, monotone in the text, and never above the bound on answers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100_000), usage), { maxLength: 20 }),
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
        (learnt, one, other, maxOutput) => {
          const estimate = new TokenEstimate();
          for (const [characters, used] of learnt) estimate.learn(characters, used);
          const [short, long] = one < other ? [one, other] : [other, one];
          for (const kind of ["likely", "careful"] as const) {
            const less = estimate[kind](short, maxOutput);
            const more = estimate[kind](long, maxOutput);
            for (const guess of [less, more]) {
              expect(Number.isSafeInteger(guess.input) && guess.input >= 0).toBe(true);
              expect(Number.isSafeInteger(guess.output) && guess.output >= 0).toBe(true);
              expect(guess.output).toBeLessThanOrEqual(maxOutput ?? Number.POSITIVE_INFINITY);
            }
            expect(less.input).toBeLessThanOrEqual(more.input);
            expect(less.output).toBe(more.output);
          }
          expect(estimate.least(long).output).toBeLessThanOrEqual(estimate.careful(long, undefined).output);
        },
      ),
    );
  });

  it("learns how many tokens a model makes of a text, and how much it answers", () => {
    const estimate = new TokenEstimate();
    expect(estimate.likely(984, undefined)).toEqual({ input: 250, output: 256 });
    expect(estimate.careful(984, undefined)).toEqual({ input: 500, output: 4_096 });
    for (let call = 0; call < 200; call++) {
      estimate.learn(984, {
        inputTokens: 300,
        outputTokens: 40 + (call % 2) * 20,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      });
    }
    expect(estimate.likely(984, undefined)).toEqual({ input: 300, output: 51 });
    expect(estimate.careful(984, undefined)).toEqual({ input: 375, output: 75 });
  });

  it("forgets one long answer in time", () => {
    const estimate = new TokenEstimate();
    const answered = (outputTokens: number) =>
      estimate.learn(100, {
        inputTokens: 30,
        outputTokens,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      });
    answered(10_000);
    expect(estimate.careful(100, undefined).output).toBe(12_500);
    for (let call = 0; call < 2_000; call++) answered(100);
    expect(estimate.careful(100, undefined).output).toBeLessThan(200);
  });
});

describe("the length of a request", () => {
  it("is that of its messages, tools and schema; a file counts as one", () => {
    const schema = { type: "json", schema: { type: "object" } };
    const prompt = [
      { role: "system", content: "1234567890" },
      { role: "user", content: [{ type: "text", text: "12345" }] },
    ];
    const text = charactersOf({ prompt });
    expect(text).toBe("system1234567890usertext12345".length);
    expect(charactersOf({ prompt, responseFormat: schema, tools: [{ name: "abc", strict: true }] })).toBe(
      text + "jsonobject".length + "abc".length + 8,
    );
    const file = [{ role: "user", content: [{ type: "file", data: "x".repeat(1_000_000) }, new Uint8Array(9)] }];
    expect(charactersOf({ prompt: file })).toBe("user".length + 8_000);
  });

  it("of what is no request is 0, however deep or wrong it is", () => {
    let deep: unknown = "x";
    for (let level = 0; level < 10_000; level++) deep = [deep];
    for (const wrong of [undefined, null, 5, "text", [], { prompt: deep }, { prompt: null }]) {
      expect(charactersOf(wrong)).toBe(0);
    }
    for (const wrong of [undefined, { maxOutputTokens: -1 }, { maxOutputTokens: "9" }]) {
      expect(maxOutputOf(wrong)).toBeUndefined();
    }
    expect(maxOutputOf({ maxOutputTokens: 9 })).toBe(9);
  });
});
