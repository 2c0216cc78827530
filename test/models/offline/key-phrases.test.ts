import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherEvidence } from "../../../src/models/offline/evidence/evidence.ts";
import { passagesFrom } from "../../../src/models/offline/evidence/passages.ts";
import { keyPhrasesOf } from "../../../src/models/offline/language/key-phrases.ts";
import { nounPhrasesIn } from "../../../src/models/offline/language/noun-phrases.ts";
import { stemOf, wordsOf } from "../../../src/models/offline/text/words.ts";

const nouns = (text: string, focus: readonly string[] = []) =>
  [...nounPhrasesIn(text, new Set(focus))].filter(({ sure, whole }) => sure && whole).map((phrase) => phrase.text);

async function phrases(text: string, focus: readonly string[] = [], count = 8): Promise<string[]> {
  const { sentences } = await gatherEvidence(passagesFrom(text, "text", "input"));
  return keyPhrasesOf(sentences, count, new Set(focus.map(stemOf))).map((phrase) => phrase.text);
}

describe("noun phrases", () => {
  const cases: readonly (readonly [text: string, expected: readonly string[]])[] = [
    ["A space station will permit quantum leaps in our research.", ["space station", "quantum leaps"]],
    ["It was one of my highest priorities, but was not passed by the Congress.", ["Congress"]],
    ["We can help to fund clean water and to improve care.", ["clean water"]],
    ["The new legislation gives them the freedom they need.", ["legislation", "freedom"]],
    [
      "By ending nuclear testing we stop the spread of nuclear weapons.",
      ["nuclear testing", "spread", "nuclear weapons"],
    ],
    ["The International Atomic Energy Agency confirmed it.", ["International Atomic Energy Agency"]],
    ["The loss of life has become appalling and dangerous.", ["loss", "life"]],
    ["None of the rest was manufactured in a single day.", []],
    ["Write to ada@acme.example or https://acme.example/shop about lamps.", ["lamps"]],
    ["The training program and the housing crisis grew worse.", ["training program", "housing crisis"]],
    ["Our foreign, national and public affairs are peaceful.", ["public affairs"]],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(expected)} in "${text.slice(0, 50)}"`, () => {
      expect(nouns(text)).toEqual(expected);
    });
  }

  it("counts a generic word when the topic holds it", () => {
    expect(nouns("They discussed climate change.")).toEqual([]);
    expect(nouns("They discussed climate change.", ["climat", "chang"])).toEqual(["climate change"]);
  });

  it("gives pieces of the text at their places, whatever the text is", () => {
    const words = fc.constantFrom(
      "the",
      "Rails",
      "of",
      "steel",
      "carried",
      "grain",
      "to",
      "Acme",
      "best",
      "U.S.",
      ", ",
      "é",
      "a.b",
    );
    const texts = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 200 }),
      fc.array(words, { maxLength: 40 }).map((list) => list.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        for (const { text: phrase, at, stems } of nounPhrasesIn(text, new Set())) {
          expect(text.slice(at, at + phrase.length)).toBe(phrase);
          expect(stems.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("key phrases", () => {
  it("merges singular and plural, spellings, and phrases within each other", async () => {
    const text =
      "Health care is dear. The cost of health care rose. Care costs rose in all states. A healthcare system needs doctors. One doctor left the hospital.";
    const found = await phrases(text, ["health", "care"]);
    expect(found[0]).toBe("health care");
    expect(found.filter((phrase) => /care/i.test(phrase))).toEqual(["health care"]);
    expect(found.filter((phrase) => /doctor/.test(phrase))).toHaveLength(1);
  });

  it("keeps a name of several words beside one of its words", async () => {
    const text =
      "The courts are open. The courts are slow. The courts are few. The Supreme Court met. The Supreme Court ruled in the Supreme Court.";
    expect(await phrases(text)).toEqual(expect.arrayContaining(["courts", "Supreme Court"]));
  });

  it("fills a short list up with lone words said once, but makes no long one of them", async () => {
    const text =
      "The rails, the grain, the bridges, the mills, the farms, the harbours, the lamps and the winter of the north.";
    expect(await phrases(text)).toHaveLength(5);
  });

  it("never gives two phrases of which one repeats the other, and only what the text holds", async () => {
    const words = fc.constantFrom(
      "the",
      "a",
      "steel",
      "rails",
      "rail",
      "grain",
      "trade",
      "of",
      "Rock",
      "Island",
      "and",
      ".",
      "carried",
      "costs",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 3, maxLength: 60 }), async (list) => {
        const text = list.join(" ");
        const { sentences } = await gatherEvidence(passagesFrom(text, "text", "input"));
        const found = keyPhrasesOf(sentences, 10).map((phrase) => phrase.text);
        const keys = found.map((phrase) => wordsOf(phrase).map(stemOf).join(" "));
        expect(new Set(keys).size).toBe(keys.length);
        for (const phrase of found) expect(text.replace(/\s+/g, " ")).toContain(phrase);
      }),
    );
  });
});
