import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStopword, stemOf, termsOf, wordsOf } from "../../../src/models/offline/text/words.ts";

describe("wordsOf", () => {
  it.each([
    ["The quick Brown fox.", ["the", "quick", "brown", "fox"]],
    ["Don’t say 'tis the dogs' café's", ["don't", "say", "tis", "the", "dogs", "café's"]],
    ["1,000.5 men, 3rd and 12th, 1. 2, x86-64", ["1,000.5", "men", "3rd", "and", "12th", "1", "2", "x86", "64"]],
    ["ﬁrst re\u0301sume\u0301 naïve", ["first", "résumé", "naïve"]],
    ["東京 tower 東a", ["東", "京", "tower", "東", "a"]],
    ["Привет, мир", ["привет", "мир"]],
    ["— … !? 😀", []],
    ["", []],
  ])("splits %j", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it("gives the same words again when they are joined with spaces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const words = wordsOf(text);
        expect(wordsOf(words.join(" "))).toEqual(words);
      }),
    );
  });

  it("loses no letter or digit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const kept = wordsOf(text).join("").replace(/['.,]/g, "");
        const expected = text
          .normalize("NFKC")
          .toLowerCase()
          .replace(/[^\p{L}\p{M}\p{N}]/gu, "");
        expect(kept).toBe(expected);
      }),
    );
  });

  it("reads a megabyte without a space, whatever its last letter, in one word", () => {
    for (const [piece, end] of [
      ["a", "é"],
      ["1", "x"],
      ["a'", "aé"],
    ] as const) {
      const text = piece.repeat(300_000) + end;
      const words = wordsOf(text);
      expect([words.length, words[0] === text]).toEqual([1, true]);
    }
  });
});

describe("stemOf", () => {
  // The examples of Porter's paper, carried through all steps.
  it.each(
    `caresses caress,ponies poni,ties ti,cats cat,feed feed,agreed agre,plastered plaster,bled bled,motoring motor,sing sing,
    conflated conflat,troubled troubl,sized size,hopping hop,tanned tan,falling fall,hissing hiss,fizzed fizz,failing fail,
    filing file,happy happi,sky sky,relational relat,conditional condit,rational ration,digitizer digit,radicalli radic,
    vietnamization vietnam,predication predic,operator oper,feudalism feudal,decisiveness decis,hopefulness hope,
    callousness callous,formaliti formal,sensitiviti sensit,sensibiliti sensibl,triplicate triplic,formative form,
    formalize formal,electriciti electr,electrical electr,hopeful hope,goodness good,revival reviv,allowance allow,
    inference infer,airliner airlin,gyroscopic gyroscop,adjustable adjust,defensible defens,irritant irrit,
    replacement replac,adjustment adjust,dependent depend,adoption adopt,communism commun,activate activ,
    homologous homolog,effective effect,bowdlerize bowdler,probate probat,rate rate,cease ceas,controlling control,
    roll roll,generalizations gener,oscillators oscil,possibly possibl,archeology archeolog,ion ion,sion sion,yes ye`
      .split(",")
      .map((pair) => pair.trim().split(" ") as [string, string]),
  )("strips %s to %s", (word, stem) => {
    expect(stemOf(word)).toBe(stem);
  });

  it("leaves numbers, short words, other scripts and accents alone, and drops a possessive", () => {
    for (const word of ["1,000", "is", "ü", "cafés", "мира", "x86s", "a".repeat(70)]) expect(stemOf(word)).toBe(word);
    expect(stemOf("nation's")).toBe("nation");
  });

  it("never makes a word longer by more than the letter the algorithm may add", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,20}$/), (word) => {
        const stem = stemOf(word);
        expect(stem.length).toBeGreaterThan(0);
        expect(stem.length).toBeLessThanOrEqual(word.length + 1);
        expect(stemOf(word)).toBe(stem);
      }),
    );
  });

  it("gives the same stem after more words than it remembers", () => {
    for (let index = 0; index < 45_000; index++) stemOf(`w${index}`);
    expect(stemOf("connections")).toBe("connect");
    for (let index = 0; index < 25_000; index++) stemOf(`v${index}`);
    expect(stemOf("connections")).toBe("connect");
  });
});

describe("termsOf", () => {
  it("keeps stems in order, without stopwords and encoded data", () => {
    expect(termsOf(`The economies of the nation weren't growing: ${"x1".repeat(40)} in 1999`)).toEqual([
      "economi",
      "nation",
      "grow",
      "1999",
    ]);
  });

  it("knows function words and nothing else as stopwords", () => {
    for (const word of ["the", "don't", "yourselves"]) expect(isStopword(word)).toBe(true);
    for (const word of ["nation", "The", ""]) expect(isStopword(word)).toBe(false);
  });
});
