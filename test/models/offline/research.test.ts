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
});
