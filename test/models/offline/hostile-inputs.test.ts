import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import type { Json, JsonObject, JsonSchema } from "../../../src/core/json/json.ts";
import { gatherEvidence } from "../../../src/models/offline/evidence/evidence.ts";
import { passagesFrom } from "../../../src/models/offline/evidence/passages.ts";
import { fits, schemaNode } from "../../../src/models/offline/fill/schema-check.ts";
import { answer, answerText, integer, listOf, number, object, orNull, readSpeech, text, truth } from "./ask-offline.ts";

const names = [
  "summary",
  "title",
  "findings",
  "key_points",
  "quote",
  "sources",
  "keywords",
  "people",
  "places",
  "dates",
  "year",
  "amount",
  "word_count",
  "sentiment",
  "confidence",
  "language",
  "is_good",
  "mentions_rails",
  "foo",
  "deadline",
  "email",
  "claim",
  "source",
  "recommendations",
  "statistics",
  "topic",
  "any_thing",
];

const leaf = fc.oneof(
  fc.constantFrom<JsonSchema>(
    { type: "string" },
    { type: "integer" },
    { type: "number", minimum: 0, maximum: 1 },
    { type: "boolean" },
    { type: "null" },
    {},
  ),
  fc.constantFrom<JsonSchema>(
    { type: "string", format: "date" },
    { type: "string", format: "date-time" },
    { type: "string", maxLength: 30 },
    { type: "string", minLength: 50 },
    { type: "integer", minimum: 1900 },
    { enum: ["positive", "negative", "neutral"] },
    { enum: ["rails", 2, null] },
    { const: "fixed" },
  ),
);

const schemas = fc.letrec<{ node: JsonSchema; object: JsonSchema }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    leaf,
    tie("object"),
    fc.record({
      type: fc.constant("array"),
      items: tie("node"),
      minItems: fc.constantFrom(0, 0, 0, 1, 3),
    }) as fc.Arbitrary<JsonSchema>,
    fc.record({
      type: fc.constant("array"),
      items: leaf,
      uniqueItems: fc.constant(true),
      maxItems: fc.constantFrom(1, 4),
    }) as fc.Arbitrary<JsonSchema>,
    fc
      .tuple(leaf, leaf)
      .map(([a, b]): JsonSchema => ({ type: "array", prefixItems: [a, b], minItems: 2, maxItems: 2 })),
    tie("node").map((inner): JsonSchema => ({ anyOf: [inner, { type: "null" }] })),
    leaf.map((inner): JsonSchema => ({ type: "object", additionalProperties: inner })),
  ),
  object: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), tie("node"), fc.boolean()), {
      minLength: 1,
      maxLength: 5,
      selector: ([name]) => name,
    })
    .map(
      (fields): JsonSchema => ({
        type: "object",
        properties: Object.fromEntries(fields.map(([name, schema]) => [name, schema])),
        required: fields.filter(([, , required]) => required).map(([name]) => name),
        additionalProperties: false,
      }),
    ),
})).object;

const pathsOf = (schema: Json, prefix: string): string[] => {
  const node = schema as { [key: string]: Json };
  const properties = (node.properties ?? {}) as { [key: string]: Json };
  const inner = ["anyOf", "prefixItems"].flatMap((key) => (node[key] as Json[] | undefined) ?? []);
  if (node.items !== undefined) inner.push(node.items);
  return [
    ...inner.flatMap((part) => pathsOf(part, prefix)),
    ...Object.entries(properties).flatMap(([name, part]) => {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      return [path, ...pathsOf(part, path)];
    }),
  ];
};

const inputs: JsonObject = {
  topic: "rails and grain",
  documents: [
    {
      file: "1890_report.txt",
      text: "Rails of steel carried the grain of the west in 1890. Grain prices fell by 12 percent, which was bad for farmers. Mr. Smith said the rails should be cheaper.",
    },
    {
      file: "1901_report.txt",
      text: "On May 3, 1901 the grain harvest was excellent. The rails paid $4,000 to the town of Lincoln.",
    },
  ],
};
const evidenceText = JSON.stringify(inputs);

const pools = fc.constantFrom<JsonObject>(
  inputs,
  {},
  { text: "" },
  { document: "One short line only." },
  { topic: "rails" },
  { review: "Great! Bad? 7 €" },
);

describe("for any schema", () => {
  it("gives a value that fits it, the same bytes each time, or an error that names one of its fields", async () => {
    await fc.assert(
      fc.asyncProperty(schemas, pools, async (schema, given) => {
        try {
          const first = await answerText(given, schema);
          expect(fits(JSON.parse(first), schemaNode(schema, schema))).toBe(true);
          expect(z.fromJSONSchema(schema as never).safeParse(JSON.parse(first)).success).toBe(true);
          expect(await answerText(given, schema)).toBe(first);
        } catch (error) {
          if (!isFlockError(error, "no_evidence")) throw error;
          expect(pathsOf(schema, "")).toContain(error.details.field);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("writes nothing into findings, quotes, names and sources that the evidence does not hold", async () => {
    const schema = object({
      findings: listOf(object({ claim: text, source: text, year: integer })),
      quotes: listOf(text),
      people: listOf(text),
      keywords: listOf(text),
      sources: listOf(text),
      dates: listOf(text),
      amounts: listOf(text),
    });
    const words = fc.array(
      fc.constantFrom(
        "rails",
        "Grain",
        "fell",
        "by",
        "12 percent",
        "in 1890.",
        "Mr. Smith",
        "said",
        "steel;",
        "on May 3, 1901",
        "The",
        "town",
        "(Applause.)",
        "—",
        "\n\n",
        "“Why?”",
      ),
      { minLength: 1, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ file: fc.constantFrom("a.txt", "1890_b.md"), text: words.map((list) => list.join(" ")) }),
          { maxLength: 4 },
        ),
        async (documents) => {
          const value = await answer({ topic: "rails", documents }, schema);
          const plain = (value: string) => value.replaceAll("(Applause.)", " ").replace(/\s+/g, " ");
          const held = documents.map(({ text: whole }) => `${whole.replace(/\s+/g, " ")}\n${plain(whole)}`).join("\n");
          for (const { claim, source } of value.findings) {
            expect(held).toContain(claim);
            expect(
              documents.find((document) => document.file === source && plain(document.text).includes(claim)),
            ).toBeDefined();
          }
          for (const part of [...value.quotes, ...value.people, ...value.keywords, ...value.dates, ...value.amounts])
            expect(held).toContain(part);
          for (const source of value.sources) expect(["a.txt", "1890_b.md"]).toContain(source);
        },
      ),
      { numRuns: 200 },
    );
    expect(evidenceText).toContain("1890_report.txt");
  });
});

const everything = object({
  summary: orNull(text),
  title: orNull(text),
  findings: listOf(object({ claim: text, source: text }, ["source"])),
  quotes: listOf(text),
  keywords: listOf(text),
  people: listOf(text),
  places: listOf(text),
  dates: listOf(text),
  amounts: listOf(text),
  statistics: listOf(text),
  emails: listOf(text),
  urls: listOf(text),
  phones: listOf(text),
  sentiment: orNull(text),
  language: orNull(text),
  word_count: orNull(integer),
  confidence: orNull(number),
  is_good: orNull(truth),
  foo: orNull(text),
  price: orNull(number),
  frequencies: { type: "object", additionalProperties: integer },
});

describe("hostile inputs", () => {
  const evil: readonly (readonly [string, string])[] = [
    ["one endless word", "a".repeat(300_000)],
    ["digits", "1,".repeat(150_000)],
    ["dots", "A.".repeat(100_000)],
    ["spaces", " ".repeat(300_000)],
    ["blank lines", "\n".repeat(200_000)],
    ["brackets", "[applause ".repeat(20_000)],
    ["at signs", "a@".repeat(100_000)],
    ["capitals", "Mr. A B ".repeat(30_000)],
    ["colons", "a: ".repeat(80_000)],
    ["headings", "# # ".repeat(60_000)],
    ["months", "January 1, ".repeat(20_000)],
    ["quotes", "\"'“".repeat(80_000)],
    ["semicolons", "rails;".repeat(40_000)],
    ["lone surrogates", "\ud800 rails \udc00 are here\ud83d. ".repeat(500)],
    ["zero width and marks", "\u200b\u0301\u202erails\u0000 are \ufeffhere. ".repeat(500)],
    ["emoji", "🚂 rails 👩‍👩‍👧‍👦 family. ".repeat(500)],
    ["Chinese", "铁路运输了西部的大部分粮食。价格下降了百分之十二。".repeat(200)],
    ["markup", "<script>alert(1)</script> <b>rails</b> &amp; ".repeat(3_000)],
  ];
  for (const [name, document] of evil) {
    it(`answers or says why: ${name}`, async () => {
      for (const given of [{ document }, { topic: "rails", document }]) {
        const value = await answer(given, everything);
        expect(Object.keys(value)).toContain("findings");
      }
    });
  }

  it("keeps prototype names as plain data", async () => {
    const given = JSON.parse(
      '{"__proto__":"rails are here and there.","constructor":{"text":"Steel rails are here and there too.","__proto__":{"toString":1}},"toString":"The rails of steel cross the river."}',
    );
    const schema = JSON.parse(
      '{"type":"object","properties":{"constructor":{"type":"string"},"toString":{"type":"array","items":{"type":"string"}},"hasOwnProperty":{"anyOf":[{"type":"number"},{"type":"null"}]},"summary":{"type":"string"},"kind":{"enum":["constructor","__proto__","other"]}},"required":["toString","hasOwnProperty","summary","kind"]}',
    );
    const value = await answer(given, schema);
    expect(value.summary).toContain("rails");
    expect(value.hasOwnProperty).toBeNull();
    expect(({} as Record<string, unknown>).rails).toBeUndefined();
    const named = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"array","items":{"type":"string"}}},"required":["__proto__"]}',
    );
    expect(await answerText({ document: "Nothing." }, named)).toBe('{"__proto__":[]}');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it("bounds depth: deep inputs, deep and endless schemas", async () => {
    let deep: Json = "Steel rails cross the river and the plain.";
    for (let level = 0; level < 3_000; level++) deep = level % 2 === 0 ? [deep] : { next: deep };
    expect(
      await answer({ data: deep, document: "Steel rails cross the river." }, object({ findings: listOf(text) })),
    ).toEqual({ findings: ["Steel rails cross the river."] });
    const endless: JsonSchema = { type: "object", properties: { child: { $ref: "#" } }, required: ["child"] };
    await expect(answer({ document: "Steel rails cross the river." }, endless)).rejects.toMatchObject({
      code: "no_evidence",
    });
    const circle: JsonSchema = object({ x: { $ref: "#/$defs/a" } });
    await expect(
      answer({}, { ...circle, $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }),
    ).rejects.toMatchObject({ code: "no_evidence", details: { field: "x" } });
    await expect(answer({}, object({ x: { $ref: "https://example.org/x" } }))).rejects.toMatchObject({
      details: { field: "x" },
    });
  });

  it("reads a megabyte without keeping the event loop to itself", async () => {
    const numbers = [...Array(20_000).keys()].values();
    const speech = readSpeech("2011_barack_obama_d.txt");
    const document = speech
      .repeat(Math.ceil(1_000_000 / speech.length))
      .replaceAll(". ", () => ` no ${numbers.next().value}. `);
    let turns = 0;
    let running = true;
    const tick = () => {
      turns++;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    const value = await answer({ topic: "health care", document }, everything);
    running = false;
    expect(value.findings.length).toBe(5);
    expect(turns).toBeGreaterThan(10);
  });

  it("leaves unread what would take seconds and warns", async () => {
    const passages = passagesFrom([`${"Rails cross the river. ".repeat(400_000)}`], "text", "tool");
    const evidence = await gatherEvidence(passages);
    expect(evidence.unreadChars).toBe(9_200_000 - 8_000_000);
  });
});
