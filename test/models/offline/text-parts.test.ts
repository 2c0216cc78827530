import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherEvidence } from "../../../src/models/offline/evidence/evidence.ts";
import { passagesFrom, sourceOf, yearOf } from "../../../src/models/offline/evidence/passages.ts";
import { sortInputs, topicFrom } from "../../../src/models/offline/evidence/topic.ts";
import { readIntent } from "../../../src/models/offline/fill/field-intent.ts";
import { hasCue } from "../../../src/models/offline/language/cues.ts";
import {
  datesIn,
  emailsIn,
  figuresIn,
  phonesIn,
  quantitiesIn,
  timestampsIn,
  urlsIn,
} from "../../../src/models/offline/language/dates-and-figures.ts";
import { entitiesIn } from "../../../src/models/offline/language/entities.ts";
import { keyPhrasesOf } from "../../../src/models/offline/language/key-phrases.ts";
import { areSentimentLabels, sentimentLabel, sentimentOf } from "../../../src/models/offline/language/sentiment.ts";
import { clipSentence } from "../../../src/models/offline/text/clip-sentence.ts";
import { detectLanguage } from "../../../src/models/offline/text/detect-language.ts";
import { leansBack, sentenceQuality } from "../../../src/models/offline/text/sentence-quality.ts";
import { sentencesOf, withoutStageMarks } from "../../../src/models/offline/text/sentences.ts";
import { wordsOf } from "../../../src/models/offline/text/words.ts";
import { readSpeech } from "./ask-offline.ts";

const split = (text: string) => [...sentencesOf(text)].map((sentence) => sentence.text);

describe("sentences", () => {
  it("ends at the end of a sentence, not at an abbreviation or initial", () => {
    expect(
      split(
        "Mr. Lincoln met J. Adams of the U.S. Congress at 5 p.m. He left the U.S. The bill, e.g. No. 5, passed. No. Why? Acme Inc. said so.",
      ),
    ).toEqual([
      "Mr. Lincoln met J. Adams of the U.S. Congress at 5 p.m.",
      "He left the U.S.",
      "The bill, e.g. No. 5, passed.",
      "No.",
      "Why?",
      "Acme Inc. said so.",
    ]);
  });

  it("keeps paragraphs, list items and headings apart and joins wrapped lines", () => {
    const text =
      "# Freight\n\nThe line was\nlong and slow.\n- first item\n- second item\n2) third item\n\n## Rates ##\r\nRates fell\n----\nName: Bob";
    expect([...sentencesOf(text)]).toEqual([
      { text: "The line was long and slow.", heading: "Freight" },
      { text: "first item", heading: "Freight" },
      { text: "second item", heading: "Freight" },
      { text: "third item", heading: "Freight" },
      { text: "Rates fell", heading: "Rates" },
      { text: "Name: Bob", heading: "Rates" },
    ]);
  });

  it("reads capitals at the start of a line as the heading they were", () => {
    expect([
      ...sentencesOf(
        "RAILROADS The railroads prosper. IMMIGRATION Restriction of it has proved sound. NASA Administrators met.",
      ),
    ]).toEqual([
      { text: "The railroads prosper.", heading: "RAILROADS" },
      { text: "Restriction of it has proved sound.", heading: "IMMIGRATION" },
      { text: "NASA Administrators met.", heading: undefined },
    ]);
  });

  it("cuts stage marks off both ends and out of a text", () => {
    expect(split("[Applause] We go on. (Laughter.) And on. [Applause]")).toEqual(["We go on.", "And on."]);
    expect(withoutStageMarks("We [Applause] go (Laughter.) on [see page 3].")).toBe("We go on [see page 3].");
  });

  it("loses and adds nothing but white space in a real speech", () => {
    const speech = readSpeech("1861_abraham_lincoln_r.txt");
    const bare = (text: string) => text.replace(/\s+/g, "");
    expect(bare(split(speech).join(" "))).toBe(bare(speech));
  });

  it("gives pieces of the text, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
        const held = text.replace(/\s+/g, " ");
        for (const sentence of split(text)) expect(held).toContain(sentence);
      }),
    );
  });

  it("judges ceremony and fragments as worthless and a plain sentence as good", () => {
    const quality = (text: string) => sentenceQuality(text, wordsOf(text));
    for (const text of [
      "Thank you very much, and good night.",
      "God bless America, and all of you here.",
      "Yes indeed.",
      "Click here to subscribe to our newsletter.",
    ])
      expect(quality(text)).toBe(0);
    const good = "The railroads carried most of the grain of the western states in that year.";
    expect(quality(good)).toBe(1);
    for (const text of [
      good.replace("The railroads", "They"),
      good.toLowerCase(),
      good.slice(0, -1),
      good.replace(".", "?"),
      good.toUpperCase(),
    ])
      expect(quality(text)).toBeLessThan(1);
  });

  it("tells what refers to something said before", () => {
    for (const text of [
      "These are the rails.",
      "It rained.",
      "Under it the rails were laid.",
      "As I said, rails were laid.",
      "The costs, as I said, have risen.",
      "We need more of such rails.",
      "The aforesaid rails were laid.",
    ])
      expect(leansBack(text), text).toBe(true);
    for (const text of ["Rails were laid.", "Articles such as rails were laid.", "In Kansas rails were laid."])
      expect(leansBack(text), text).toBe(false);
  });

  it("clips a long sentence to whole words of it, near the wanted word", () => {
    const long = `${"The committee heard many reports about harbours and lights, ".repeat(5)}; the railroads, however, carried the grain; and the rest was silence.`;
    const clipped = clipSentence(long, new Set(["railroad"]), 120);
    expect(clipped).toContain("railroads");
    expect(long).toContain(clipped);
    expect(clipped.length).toBeLessThanOrEqual(120);
    const spaceless = "x".repeat(500);
    expect(clipSentence(spaceless, new Set(), 100)).toBe("x".repeat(100));
    expect(clipSentence(`${"x".repeat(99)}🚂${"y".repeat(99)}`, new Set(), 100)).toBe("x".repeat(99));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("grain", "rails,", "and", ";", "--", "🚂", "which"), {
          minLength: 80,
          maxLength: 200,
        }),
        (words) => {
          const text = words.join(" ");
          const part = clipSentence(text, new Set(["grain"]), 200);
          expect(text).toContain(part);
          expect(part.length).toBeLessThanOrEqual(200);
        },
      ),
    );
  });
});

describe("forms within texts", () => {
  it("reads days, months and years, and leaves out what is no date", () => {
    const text =
      "On 5 January 2024, Feb. 3rd, 2023, 2024-02-29 and in March 1861 and 1999; not 2023-02-29, Feb 30 2024, 1/2/2023, $1,999, 2000 people or 20245.";
    expect(datesIn(text).map(({ text: written, day, year }) => [written, day, year])).toEqual([
      ["5 January 2024", "2024-01-05", 2024],
      ["Feb. 3rd, 2023", "2023-02-03", 2023],
      ["2024-02-29", "2024-02-29", 2024],
      ["March 1861", undefined, 1861],
      ["1999", undefined, 1999],
    ]);
    expect(timestampsIn("at 2024-01-05T09:30:00Z, 2024-01-05T09:30:00.5+01:00, 2024-01-05T09:30")).toEqual([
      "2024-01-05T09:30:00Z",
      "2024-01-05T09:30:00.5+01:00",
    ]);
  });

  it("reads numbers with currency, magnitude and percent", () => {
    const read = figuresIn(
      "It cost $3.5 million, €20 or 10 dollars; 5%, 12 percent of 1,234 men; -5 degrees, 40k users; not version 1.2.3 or 3/4.",
    );
    expect(read.map(({ text, value, kind }) => [text, value, kind])).toEqual([
      ["$3.5 million", 3_500_000, "money"],
      ["€20", 20, "money"],
      ["10 dollars", 10, "money"],
      ["5%", 5, "percent"],
      ["12 percent", 12, "percent"],
      ["1,234", 1234, "plain"],
      ["-5", -5, "plain"],
      ["40k", 40_000, "plain"],
    ]);
    expect(quantitiesIn("On 3 March 2025 it grew by 40 percent since 1999.").map(({ text }) => text)).toEqual([
      "40 percent",
    ]);
  });

  it("reads addresses and telephone numbers", () => {
    expect(emailsIn("Write to a.b@c.com, <x@y.org>. Not @me or a@b.")).toEqual(["a.b@c.com", "x@y.org"]);
    expect(urlsIn("See https://a.b/c?d=e. (http://x.y/z), not ftp://q or https://")).toEqual([
      "https://a.b/c?d=e",
      "http://x.y/z",
    ]);
    expect(phonesIn("Call +1 (555) 123-4567 or 030 1234567, not 2024-01-05 or 12 34.")).toEqual([
      "+1 (555) 123-4567",
      "030 1234567",
    ]);
  });

  it("tells people, organisations and places apart by form", () => {
    const found = entitiesIn([
      "Ada Lovelace worked with Charles Babbage in London for Acme Inc. and NASA.",
      "Dr. Smith of the University of Oxford flew to France with Secretary of War Stanton.",
      "However, the Congress met near Springfield on Monday.",
      "Trains ran late.",
    ]);
    const of = (kind: string) => found.filter((entity) => entity.kind === kind).map(({ text }) => text);
    expect(of("person")).toEqual(["Ada Lovelace", "Charles Babbage", "Smith"]);
    expect(of("organisation")).toEqual(expect.arrayContaining(["Acme Inc.", "NASA", "Congress"]));
    expect(of("place")).toEqual(expect.arrayContaining(["London", "France", "Springfield"]));
    expect(found.map(({ text }) => text)).not.toContain("Trains");
    expect(found.map(({ text }) => text)).not.toContain("Monday");
    expect(found.map(({ text }) => text)).not.toContain("However");
  });

  it("cuts a run of capitals where two names meet", () => {
    const cases: [string, string][] = [
      ["Today Ada Lovelace of Acme Corp. met us.", "Ada Lovelace:person Acme Corp.:organisation"],
      ["We met Grit Smithson of the Widget Works Ltd. there.", "Grit Smithson:person Widget Works Ltd.:organisation"],
      ["The Board of Directors of Globex Corp. agreed.", "Board of Directors:organisation Globex Corp.:organisation"],
      ["Then Acme CEO Jane Smith spoke.", "Acme:other Jane Smith:person"],
      ["Here Supreme Court Justice Roberts spoke.", "Supreme Court:organisation Roberts:person"],
      [
        "Once Apple's CEO Tim Cook and Acme Inc. Ada Lovelace signed.",
        "Apple:other Tim Cook:person Acme Inc.:organisation Ada Lovelace:person",
      ],
      [
        "The University of Oxford and the Bank of England agreed.",
        "University of Oxford:organisation Bank of England:organisation",
      ],
      [
        "We saw Abraham Lincoln of Illinois by the Gulf of Mexico.",
        "Abraham Lincoln:person Illinois:place Gulf of Mexico:place",
      ],
    ];
    for (const [sentence, expected] of cases) {
      const found = entitiesIn([sentence]).filter(({ text }) => !/^(?:Once|Then|Here)$/.test(text));
      expect(found.map(({ text, kind }) => `${text}:${kind}`).join(" "), sentence).toBe(expected);
    }
  });

  it("finds names the text holds, whatever stands between its capitals", () => {
    const words = fc.constantFrom(
      "Ada",
      "Lovelace",
      "of",
      "of the",
      "Acme",
      "Corp.",
      "Inc.",
      "CEO",
      "Justice",
      "Senate",
      "Board",
      "Acme's",
      "in",
      "the",
      "War",
      ",",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (list) => {
        const sentence = `Here ${list.join(" ")} met.`;
        for (const { text } of entitiesIn([sentence])) expect(sentence).toContain(text);
      }),
    );
  });

  it("detects languages by script and by small words, and admits when it cannot", () => {
    const texts: Record<string, string> = {
      en: "The cat is in the house and it was not here.",
      de: "Der Hund und die Katze sind nicht auf der Straße.",
      fr: "Le chat est dans la maison et il ne sort pas.",
      es: "El perro y los gatos están en la casa por la noche.",
      it: "Il gatto è nella casa e non esce con gli altri.",
      pt: "O gato não está na casa e os cães foram para uma rua.",
      nl: "De kat is niet in het huis en dat is van een man.",
      sv: "Katten är inte i huset och det är en hund som har mat.",
      ru: "Кошка в доме.",
      uk: "Кішка їсть у домі.",
      ja: "猫は家にいます。",
      zh: "猫在家里。",
      ko: "고양이는 집에 있다.",
      ar: "القطة في البيت",
      he: "החתול בבית",
      el: "Η γάτα είναι στο σπίτι",
      th: "แมวอยู่ในบ้าน",
      hi: "बिल्ली घर में है",
    };
    for (const [code, text] of Object.entries(texts)) expect(detectLanguage(text)?.code, text).toBe(code);
    expect(detectLanguage("xyz 123")).toBeUndefined();
    expect(detectLanguage("")).toBeUndefined();
  });

  it("weighs good and bad words, stronger after an adverb, turned by a negation", () => {
    expect(sentimentOf("very good and bad")).toEqual({ polarity: 0.2, good: 1.5, bad: 1 });
    expect(sentimentOf("It is not good.")).toEqual({ polarity: -1, good: 0, bad: 0.5 });
    expect(sentimentOf("It is no match for what came before, but good.").polarity).toBe(1);
    expect(sentimentOf("Please call later.")).toEqual({ polarity: 0, good: 0, bad: 0 });
    expect(areSentimentLabels(["positive", "negative"])).toBe(true);
    expect(areSentimentLabels(["positive", "very positive", "red"])).toBe(false);
    const praise = sentimentOf("Excellent, wonderful, superb.");
    expect(sentimentLabel(praise, ["positive", "very_positive", "negative"])).toBe("very_positive");
    expect(sentimentLabel(praise, ["negative", "blue"])).toBeUndefined();
    expect(sentimentLabel(sentimentOf("A table."), ["mixed", "neutral"])).toBe("neutral");
  });

  it("finds the sort of sentence a cue asks for", () => {
    expect(hasCue("recommendation", "We should build it.")).toBe(true);
    expect(hasCue("cause", "It failed because of rain.")).toBe(true);
    expect(hasCue("change", "Prices rose sharply.")).toBe(true);
    expect(hasCue("definition", "A rail is a bar.")).toBe(true);
    expect(hasCue("benefit", "It was a great success.")).toBe(true);
    expect(hasCue("drawback", "It was a terrible failure.")).toBe(true);
    expect(hasCue("decision", "It rained.")).toBe(false);
  });

  it("finds the phrases a speech turns on, as they are written", async () => {
    const speech = readSpeech("1861_abraham_lincoln_r.txt");
    const { sentences } = await gatherEvidence(passagesFrom(speech, "speech", "input"));
    const phrases = keyPhrasesOf(sentences, 10);
    expect(phrases.map(({ text }) => text.toLowerCase())).toEqual(
      expect.arrayContaining(["congress", "union", "supreme court"]),
    );
    expect(phrases[0]!.weight).toBe(1);
    for (const { text } of phrases) expect(speech).toContain(text);
    const place = (focus: readonly string[]) =>
      keyPhrasesOf(sentences, 200, new Set(focus)).findIndex(({ text }) => text === "Kentucky");
    expect(place(["kentucki"])).toBeLessThan(place([]));
  });
});

describe("fields, passages and topics", () => {
  it("reads intents from names, then descriptions", () => {
    const cases: [string, string, string][] = [
      ["keyPoints", "", "finding"],
      ["source_count", "", "count"],
      ["number_of_words", "", "count"],
      ["sentiment_score", "", "sentiment"],
      ["confidence_score", "", "score"],
      ["key_findings_text", "", "finding"],
      ["x", "the main quotes", "quote"],
      ["x", "", "unknown"],
      ["organisations", "", "entity"],
    ];
    for (const [name, description, intent] of cases) expect(readIntent(name, description).intent, name).toBe(intent);
    expect(readIntent("points", "up to five points").wanted).toBe(5);
    expect(readIntent("points", "3 to 7 points").wanted).toBe(7);
    expect(readIntent("points", "for version 3 of it").wanted).toBeUndefined();
  });

  it("keeps with each text what stood beside and above it", () => {
    const passages = passagesFrom(
      {
        query: "q",
        results: [
          { file: "1890_a.md", score: 2, text: "Rails were laid." },
          { source: { title: "B", url: "https://b.example" }, content: "Grain was sold.", date: "1901-02-03" },
          { title: "only a label", year: 1999 },
        ],
        ids: ["a.txt"],
      },
      "search",
      "tool",
    );
    expect(passages.map((passage) => [passage.text, sourceOf(passage), yearOf(passage)])).toEqual([
      ["Rails were laid.", "1890_a.md", 1890],
      ["Grain was sold.", "https://b.example", 1901],
      ["", "only a label", 1999],
    ]);
    expect(passages[0]!.fields.get("query")).toBe("q");
  });

  it("tells the topic from the texts", () => {
    const sorted = (inputs: Record<string, string>, other = false) => {
      const { topic, passages } = sortInputs(inputs, other);
      return [topic?.text, topic?.strict, passages.map((passage) => passage.text)];
    };
    expect(sorted({ topic: "rails", text: "Rails were laid." })).toEqual(["rails", true, ["Rails were laid."]]);
    expect(sorted({ thing: "What is a rail?" })).toEqual(["What is a rail?", true, []]);
    expect(sorted({ thing: "steel rails" })).toEqual([undefined, undefined, ["steel rails"]]);
    expect(sorted({ thing: "steel rails" }, true)).toEqual(["steel rails", true, []]);
    expect(sorted({ thing: "steel rails", text: "Rails were laid." })).toEqual([
      "steel rails",
      false,
      ["Rails were laid."],
    ]);
    expect(sorted({ style: "formal", text: "Rails were laid.", empty: "" })).toEqual([
      undefined,
      undefined,
      ["Rails were laid."],
    ]);
    expect(sorted({ topic: "rails", question: "Who laid them?" })).toEqual(["rails Who laid them?", true, []]);
    expect(topicFrom("an overview of the main trends", true).strict).toBe(false);
  });
});
