import { describe, expect, it } from "vitest";
import {
  answer,
  integer,
  listOf,
  number,
  object,
  orNull,
  readSpeech,
  research,
  searchSpeeches,
  text,
} from "./ask-offline.ts";

const finding = object({ claim: text, source: text, year: integer, relevance: number });
const researchData = object({ research_data: object({ findings: listOf(finding), sources: listOf(text) }) });

interface Finding {
  claim: string;
  source: string;
  year: number;
  relevance: number;
}

const plain = (value: string) => value.replace(/\s+/g, " ");

describe("research on real speeches", () => {
  for (const topic of [
    "immigration",
    "railroads",
    "health care",
    "nuclear weapons",
    "public debt",
    "Impact of AI on healthcare",
  ]) {
    it(`quotes readable sentences of the documents it names, on ${topic}`, async () => {
      const { value, found } = await research({ topic }, researchData, (query) => searchSpeeches(query) as never);
      const { findings, sources } = value.research_data as { findings: Finding[]; sources: string[] };
      expect(findings.length).toBeGreaterThanOrEqual(3);
      const speeches = new Set(
        (found as unknown as { results: { file: string }[] }[]).flatMap(({ results }) =>
          results.map(({ file }) => file),
        ),
      );
      for (const { claim, source, year, relevance } of findings) {
        expect(speeches).toContain(source);
        expect(plain(readSpeech(source))).toContain(claim);
        expect(year).toBe(Number(source.slice(0, 4)));
        expect(claim.length).toBeGreaterThanOrEqual(40);
        expect(claim.length).toBeLessThanOrEqual(320);
        expect(claim).not.toMatch(/^(?:thank you|god bless)|\[|\(applause/i);
        expect(relevance).toBeGreaterThan(0);
        expect(relevance).toBeLessThanOrEqual(1);
      }
      expect(new Set(findings.map(({ claim }) => claim)).size).toBe(findings.length);
      expect(new Set(sources)).toEqual(new Set(findings.map(({ source }) => source)));
    });
  }

  it("keeps to the topic: each finding shares a word with it", async () => {
    const expectations: [string, RegExp][] = [
      ["immigration", /immigra/i],
      ["railroads", /railroad/i],
      ["health care costs", /health|care|cost/i],
      ["Impact of AI on healthcare", /health|\bAI\b/i],
    ];
    for (const [topic, word] of expectations) {
      const { value } = await research({ topic }, researchData, (query) => searchSpeeches(query) as never);
      for (const { claim } of value.research_data.findings as Finding[]) expect(claim).toMatch(word);
    }
  });

  it("finds nothing for a topic no speech knows, after a second, looser search, and says which field", async () => {
    const { value, queries, turns } = await research(
      { topic: "history of zzqxplonk" },
      researchData,
      (query) => searchSpeeches(query) as never,
    );
    expect(value).toEqual({ research_data: { findings: [], sources: [] } });
    expect(new Set(queries).size).toBe(queries.length);
    expect(turns).toBeLessThanOrEqual(3);
    const summary = object({ summary: text });
    await expect(research({ topic: "zzqxplonk" }, summary, () => ({ results: [] }))).rejects.toMatchObject({
      code: "no_evidence",
      details: { field: "summary" },
      message: expect.stringContaining('"summary"'),
    });
  });

  it("hands findings on: an analysis quotes them and nothing else", async () => {
    const { value } = await research({ topic: "railroads" }, researchData, (query) => searchSpeeches(query) as never);
    const claims = (value.research_data.findings as Finding[]).map(({ claim }) => claim);
    const analysis = object({ summary: text, key_points: listOf(text), confidence: number, sources: listOf(text) });
    const result = (await answer(value, object({ analysis }))).analysis;
    for (const point of result.key_points) expect(claims).toContain(point);
    expect(claims.some((claim) => result.summary.includes(claim))).toBe(true);
    expect(result.confidence).toBeGreaterThan(0);
    expect(result.confidence).toBeLessThanOrEqual(1);
    for (const source of result.sources) expect(value.research_data.sources).toContain(source);
  });

  it("names the speaker a document names, else nobody", async () => {
    const schema = object({ findings: listOf(object({ quote: text, president: orNull(text), file: text })) });
    const passages = [
      {
        file: "1903_theodore_roosevelt_r.txt",
        text: "The railroads of the country must be governed by a fair and equal law for all.",
      },
      { file: "notes_q3.txt", text: "Our railroads carried forty percent more freight in the last year than before." },
    ];
    const { value } = await research({ topic: "railroads" }, schema, () => passages);
    expect(value.findings).toContainEqual({
      file: "1903_theodore_roosevelt_r.txt",
      president: "Theodore Roosevelt",
      quote: passages[0]!.text,
    });
    expect(value.findings).toContainEqual({ file: "notes_q3.txt", president: null, quote: passages[1]!.text });
  });

  it("takes a field that stood beside the passage over anything it could work out", async () => {
    const schema = object({
      findings: listOf(object({ text, heading: text, offset: integer, year: integer, source: text })),
    });
    const passage = {
      file: "a.md",
      heading: "Freight",
      offset: 120,
      year: 1999,
      text: "Freight on railroads doubled between 1890 and 1900 in most of the states.",
    };
    const { value } = await research({ topic: "railroads" }, schema, () => ({ results: [passage] }));
    expect(value.findings).toEqual([
      { heading: "Freight", offset: 120, source: "a.md", text: passage.text, year: 1999 },
    ]);
  });

  it("keeps stage marks in quotes and leaves them out of findings", async () => {
    const inputs = {
      speech:
        "We will rebuild [Applause] the bridges of this country, and we will build them here. [Applause] Thank you very much.",
    };
    const { findings, quotes } = await answer(inputs, object({ findings: listOf(text), quotes: listOf(text) }));
    expect(findings).toEqual(["We will rebuild the bridges of this country, and we will build them here."]);
    expect(quotes).toEqual(["We will rebuild [Applause] the bridges of this country, and we will build them here."]);
  });

  it("quotes no sentence that the end of a passage cut through while there are whole ones", async () => {
    const schema = object({ findings: listOf(text), quotes: listOf(text), summary: text });
    const passages = [
      {
        file: "a.txt",
        text: "now rest upon the railroads of this country and their rates. Railroads carry the grain of the west to the sea.",
      },
      {
        file: "b.txt",
        text: "The railroads of the south were rebuilt within ten years. Many railroads of the north were then led by",
      },
    ];
    const { value } = await research({ topic: "railroads" }, schema, () => passages);
    const whole = [
      "Railroads carry the grain of the west to the sea.",
      "The railroads of the south were rebuilt within ten years.",
    ];
    expect([...value.findings].sort()).toEqual(whole);
    expect([...value.quotes].sort()).toEqual(whole);
    expect(value.summary).toBe(whole.join(" "));
    const cut = passages.map(({ file, text: all }, at) => ({ file, text: all.split(/(?<=\.) /)[at]! }));
    const only = await research({ topic: "railroads" }, schema, () => [cut[0]!]);
    expect(only.value.findings).toEqual(["now rest upon the railroads of this country and their rates."]);
  });

  it("takes the last item of a list for whole although it has no full stop", async () => {
    const passage = {
      file: "a.md",
      text: "Railroads of the west:\n- Railroads carry grain\n- Railroads carry the mail of the towns",
    };
    const { value } = await research({ topic: "railroads" }, object({ findings: listOf(text) }), () => [passage]);
    expect(value.findings).toContain("Railroads carry the mail of the towns");
  });

  it("leaves out what shares but one word of several with the topic by chance", async () => {
    const schema = object({ findings: listOf(text) });
    const chance = [{ file: "a.txt", text: "A space station will permit quantum leaps in our research in science." }];
    const none = await research({ topic: "quantum chromodynamics" }, schema, () => chance);
    expect(none.value.findings).toEqual([]);
    const lone = await research({ topic: "quantum" }, schema, () => chance);
    expect(lone.value.findings).toEqual([chance[0]!.text]);
    const often = [
      "Health care is a right of every citizen.",
      "Doctors make health care work in every town.",
      "The cost of health care rose again last year.",
    ];
    const { value } = await research({ topic: "AI in healthcare" }, schema, () =>
      often.map((one) => ({ file: "b.txt", text: one })),
    );
    expect([...value.findings].sort()).toEqual([...often].sort());
  });

  it("summarises in the order of the years, and not with sentences that lean on others", async () => {
    const passages = [
      {
        file: "1981_c.txt",
        text: "Railroads need fewer rules and lower prices than they have now. It made the railroads rich, as I said.",
      },
      { file: "1839_a.txt", text: "Railroads and steamboats carry the mails of the eastern states." },
      { file: "1907_b.txt", text: "The loss of life from railroad accidents has become appalling to all." },
    ];
    const { value } = await research({ topic: "railroads" }, object({ summary: text }), () => passages);
    expect(value.summary).toBe(
      [passages[1]!.text, passages[2]!.text, "Railroads need fewer rules and lower prices than they have now."].join(
        " ",
      ),
    );
  });

  it("spreads findings over decades when they are equally good", async () => {
    const file = (year: number, at: number) => ({
      file: `${year}_${at}.txt`,
      text: `Railroads of region ${["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"][at]} carried ${["grain", "coal", "mail", "cotton", "timber", "cattle", "iron"][at]} in that year.`,
    });
    const passages = [1901, 1902, 1903, 1904, 1905, 1951, 1981].map(file);
    const schema = object({ findings: { ...listOf(object({ claim: text, year: integer })), maxItems: 3 } });
    const { value } = await research({ topic: "railroads" }, schema, () => passages);
    const decades = (value.findings as Finding[]).map(({ year }) => Math.floor(year / 10));
    expect(new Set(decades).size).toBe(3);
  });

  it("names themes that read as nouns and do not repeat each other", async () => {
    for (const topic of ["health care", "immigration", "nuclear weapons", "railroads"]) {
      const { value } = await research(
        { topic },
        object({ themes: listOf(text) }),
        (query) => searchSpeeches(query) as never,
      );
      const themes = value.themes as string[];
      expect(themes.length, topic).toBeGreaterThanOrEqual(5);
      expect(themes.length, topic).toBeLessThanOrEqual(8);
      for (const theme of themes) expect(theme).not.toMatch(/^(?:none|rest|highest|best|new)\b|(?:ly|ous|ful|ible)$/i);
      const words = themes.flatMap((theme) => [...new Set(theme.toLowerCase().split(/[ -]/))]);
      expect(words.length - new Set(words).size, `${topic}: ${themes}`).toBeLessThanOrEqual(1);
    }
  });
});
