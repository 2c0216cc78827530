import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../src/core/json/json.ts";
import { answer, answerText, day, fill, integer, listOf, number, object, orNull, text, truth } from "./ask-offline.ts";

const notes = `# Project Apollo weekly meeting

Ada Lovelace presented the new search index on 3 March 2025. The index cut query latency by 40 percent and reduced costs from $12,000 to $7,500 per month. Charles Babbage warned that the migration could fail because the old database in Frankfurt is unstable.
The team decided to move the launch to April 14, 2025. Grace Hopper should write the rollback plan before the next meeting. Acme Inc. asked for a demo in Berlin, Germany.

- Open question: who owns the data export?
- We must renew the contract with Globex Corporation.`;

const invoice = `Invoice number: INV-4711
Date: January 5, 2024
Customer: Ada Lovelace
Email: ada@example.org
Phone: +1 555 123 4567
Website: see https://example.org/pay for more.
Total: $1,234.50
Items: 3
Sent at 2024-01-05T09:30:00Z by the billing system.`;

describe("fields filled from a text", () => {
  const cases: readonly (readonly [name: string, schema: JsonSchema, expected: unknown])[] = [
    ["title", text, "Project Apollo weekly meeting"],
    ["people", listOf(text), ["Ada Lovelace", "Charles Babbage", "Grace Hopper"]],
    ["organizations", listOf(text), ["Acme Inc.", "Globex Corporation"]],
    ["places", listOf(text), ["Frankfurt", "Berlin", "Germany"]],
    ["country", text, "Germany"],
    ["dates", listOf(text), ["3 March 2025", "April 14, 2025"]],
    ["dates", listOf(day), ["2025-03-03", "2025-04-14"]],
    ["launch_date", day, "2025-04-14"],
    ["deadline", orNull(day), null],
    ["due_date", orNull(text), null],
    ["years", listOf(integer), [2025]],
    ["amounts", listOf(text), ["$12,000", "$7,500"]],
    ["latency_reduction_percent", number, 40],
    [
      "risks",
      listOf(text),
      ["Charles Babbage warned that the migration could fail because the old database in Frankfurt is unstable."],
    ],
    ["decisions", listOf(text), ["The team decided to move the launch to April 14, 2025."]],
    ["open_questions", listOf(text), ["Open question: who owns the data export?"]],
    [
      "statistics",
      listOf(text),
      ["The index cut query latency by 40 percent and reduced costs from $12,000 to $7,500 per month."],
    ],
    [
      "causes",
      listOf(text),
      ["Charles Babbage warned that the migration could fail because the old database in Frankfurt is unstable."],
    ],
    ["benefits", listOf(text), []],
    ["language", text, "English"],
    ["language_code", text, "en"],
    ["word_count", integer, 94],
    ["sentence_count", integer, 8],
    ["paragraph_count", integer, 3],
    ["emails", listOf(text), []],
    ["phone", orNull(text), null],
    ["sources", listOf(text), []],
    ["author", orNull(text), null],
    ["mentions_berlin", truth, true],
    ["mentions_paris", truth, false],
    ["has_numbers", truth, true],
    ["has_dates", truth, true],
    ["has_links", truth, false],
    ["has_emails", truth, false],
    ["has_questions", truth, true],
    ["is_urgent", orNull(truth), null],
    ["rating", orNull(integer), null],
    ["anything", {}, null],
  ];
  for (const [name, schema, expected] of cases) {
    it(`gives ${JSON.stringify(expected).slice(0, 60)} for ${name}: ${JSON.stringify(schema).slice(0, 60)}`, async () => {
      if (expected === null && name === "anything") {
        await expect(fill({ document: notes }, name, schema)).resolves.toBeNull();
        return;
      }
      expect(await fill({ document: notes }, name, schema)).toEqual(expected);
    });
  }

  it("reads name: value lines", async () => {
    const schema = object({
      invoice_number: text,
      customer: text,
      email: text,
      phone: text,
      website: text,
      date: day,
      sent: { type: "string", format: "date-time" },
      total: number,
      items: integer,
      currency: orNull(text),
      due_date: orNull(day),
    });
    expect(await answer({ text: invoice }, schema)).toEqual({
      invoice_number: "INV-4711",
      customer: "Ada Lovelace",
      email: "ada@example.org",
      phone: "+1 555 123 4567",
      website: "https://example.org/pay",
      date: "2024-01-05",
      sent: "2024-01-05T09:30:00Z",
      total: 1234.5,
      items: 3,
      currency: null,
      due_date: null,
    });
  });

  it("repeats the input of the same name and type", async () => {
    const inputs = { topic: "railroads", tags: ["a", "b"], limit: 3, document: notes };
    expect(await answer(inputs, object({ topic: text, tags: listOf(text), limit: integer }))).toEqual({
      topic: "railroads",
      tags: ["a", "b"],
      limit: 3,
    });
  });

  it("orders a timeline and keeps each event beside its own date", async () => {
    expect(await fill({ document: notes }, "timeline", listOf(object({ date: day, event: text })))).toEqual([
      { date: "2025-03-03", event: "Ada Lovelace presented the new search index on 3 March 2025." },
      { date: "2025-04-14", event: "The team decided to move the launch to April 14, 2025." },
    ]);
  });

  it("fills lists of names and of phrases with the sentence that holds each", async () => {
    const { people, keywords, figures } = await answer(
      { document: notes },
      object({
        people: listOf(object({ name: text, context: text })),
        keywords: listOf(object({ term: text, weight: number }, ["weight"])),
        figures: listOf(object({ percent: number, quote: text })),
      }),
    );
    for (const { name, context } of people) expect(context).toContain(name);
    expect(people.map(({ name }: { name: string }) => name)).toContain("Grace Hopper");
    for (const { term } of keywords) expect(notes).toContain(term);
    expect(figures).toEqual([
      {
        percent: 40,
        quote: "The index cut query latency by 40 percent and reduced costs from $12,000 to $7,500 per month.",
      },
    ]);
  });

  it("writes summaries of as many sentences as asked, in the order of the text, and shorter where the schema is", async () => {
    const sentences = (value: string) => value.split(/(?<=[.?]) (?=[A-Z])/).filter((part) => part !== "Acme Inc.");
    const two = await fill({ document: notes }, "summary", {
      type: "string",
      description: "a summary in two sentences",
    });
    expect(sentences(two)).toHaveLength(2);
    expect(notes.indexOf(sentences(two)[0]!)).toBeLessThan(notes.indexOf(sentences(two)[1]!));
    const short = await fill({ document: notes }, "summary", { type: "string", maxLength: 100 });
    expect(short.length).toBeLessThanOrEqual(100);
    expect(await fill({ document: notes }, "tldr", text)).not.toContain(". ");
  });

  it("gives as many points as asked for", async () => {
    expect(
      await fill({ document: notes }, "key_points", { ...listOf(text), description: "the top 3 points" }),
    ).toHaveLength(3);
    expect(await fill({ document: notes }, "key_points", { ...listOf(text), maxItems: 2 })).toHaveLength(2);
    const many = { ...listOf(text), minItems: 500 };
    await expect(fill({ document: notes }, "key_points", many)).rejects.toMatchObject({
      code: "no_evidence",
      details: { field: "key_points" },
    });
  });

  it("fills a field it does not know with a sentence that speaks of it, or not at all", async () => {
    const schema = object({
      rollback: orNull(text),
      contract: orNull(text),
      weather: orNull(text),
      weather_risks: listOf(text),
    });
    expect(await answer({ document: notes }, schema)).toMatchObject({
      rollback: "Grace Hopper should write the rollback plan before the next meeting.",
      contract: "We must renew the contract with Globex Corporation.",
      weather: null,
    });
  });

  it("writes keys in the order of the schema, in inputs it repeats as well", async () => {
    const schema = object({
      title: text,
      summary: text,
      meta: object({ zone: text, area: text }),
      confidence: number,
      author: orNull(text),
    });
    const value = await answerText({ document: notes, meta: { area: "north", zone: "B" } }, schema);
    expect(Object.keys(JSON.parse(value))).toEqual(["title", "summary", "meta", "confidence", "author"]);
    expect(value).toContain('"meta":{"zone":"B","area":"north"}');
  });

  it("takes the one amount of a text for its total, and of several none but the one called so", async () => {
    const sale = "Ada Lovelace of Acme Corp. in Paris bought two lamps for $120.50";
    for (const name of ["amount", "price", "total", "grand_total", "total_due"]) {
      expect(await fill({ text: sale }, name, number), name).toBe(120.5);
    }
    const two = "Rent is $900 each month. Heating is $120 on top of it.";
    expect(await fill({ text: two }, "total", orNull(number))).toBeNull();
    expect(await fill({ text: `${two} The total is $1,020.` }, "total", number)).toBe(1020);
    expect(await fill({ text: sale }, "total_users", orNull(number))).toBeNull();
  });

  it("parts a person from the company and the place", async () => {
    const sale = "Ada Lovelace of Acme Corp. in Paris bought two lamps for $120.50";
    const schema = object({ people: listOf(text), organizations: listOf(text), places: listOf(text) });
    expect(await answer({ text: sale }, schema)).toEqual({
      people: ["Ada Lovelace"],
      organizations: ["Acme Corp."],
      places: ["Paris"],
    });
  });

  it("makes no title of an address", async () => {
    const mail = "Write to ada@acme.example or see https://acme.example/shop for the new lamps.";
    expect(await fill({ text: mail }, "title", text)).toBe("Lamps");
    expect(await fill({ text: "Please write to us." }, "title", text)).toBe("Please write to us");
  });

  it("reads a lone input that asks as a text as well when it holds sentences", async () => {
    const ticket = "The train was late again. I want a refund for the ticket.";
    for (const name of ["q", "topic", "query", "question", "search"]) {
      expect(await fill({ [name]: ticket }, "summary", text), name).toBe(ticket);
    }
    const asked =
      "Ada was born in London in the year 1815. Charles lived in Paris for a long while. Where was Ada born?";
    const born = await fill({ question: asked }, "answer", { ...text, description: "in one sentence" });
    expect(born).toBe("Ada was born in London in the year 1815.");
    await expect(fill({ question: "Where was Ada born?" }, "answer", text)).rejects.toThrow(
      'no text was given on "Where was Ada born?"',
    );
  });

  it("counts one sentence as one in what it says is missing", async () => {
    await expect(fill({ text: "It rained all day." }, "isbn", text)).rejects.toThrow(
      "nothing in the only sentence says",
    );
    await expect(fill({ text: "It rained. It snowed." }, "isbn", text)).rejects.toThrow("nothing in 2 sentences says");
  });

  it("fills tuples, records, constants and unions", async () => {
    const schema = object({
      pair: {
        type: "array",
        prefixItems: [
          { type: "string", description: "the title" },
          { type: "number", description: "confidence" },
        ],
        minItems: 2,
        maxItems: 2,
      },
      word_frequencies: { type: "object", additionalProperties: integer },
      people: { type: "object", additionalProperties: integer },
      kind: { const: "minutes" },
      only: { enum: ["minutes"] },
      amount: { anyOf: [{ type: "null" }, number] },
      several: { type: ["integer", "null"] },
      notes: { type: "object", additionalProperties: text },
      version: { type: "string", default: "1" },
    });
    const value = await answer({ document: notes }, schema);
    expect(value).toMatchObject({
      kind: "minutes",
      only: "minutes",
      amount: 12000,
      several: null,
      version: "1",
      people: { "Ada Lovelace": 1 },
    });
    expect(value.pair[0]).toBe("Project Apollo weekly meeting");
    expect(value.word_frequencies.index).toBe(2);
    expect(value.notes).toEqual({ "Open question": "who owns the data export?" });
  });

  it("reads schemas that zod writes, with references and defaults", async () => {
    const node: JsonSchema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        findings: { type: "array", items: { $ref: "#/$defs/Finding" } },
        mood: { $ref: "#/$defs/Mood", description: "how it sounds" },
      },
      required: ["findings", "mood"],
      additionalProperties: false,
      $defs: {
        Finding: {
          allOf: [
            { type: "object", properties: { claim: text }, required: ["claim"] },
            { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Finding" } } } },
          ],
        },
        Mood: { type: "string", enum: ["positive", "negative", "neutral"] },
      },
    };
    const value = await answer({ document: notes }, node);
    expect(notes).toContain(value.findings[0].claim);
    expect(value.mood).toBe("negative");
  });

  it("gives an element of a list its own title, date, entity and label", async () => {
    const documents = [
      {
        title: "Storm",
        published: "2024-05-01T08:00:00Z",
        text: "The storm was a terrible disaster for the small town of Lincoln.",
      },
      {
        url: "https://example.org/fair",
        author: "Grace Hopper",
        text: "The county fair was a wonderful success for everyone in Berlin.",
      },
    ];
    const element = object(
      {
        headline: text,
        when: text,
        published_at: { type: "string", format: "date-time" },
        day,
        author: text,
        place: text,
        mood: { enum: ["positive", "negative"] },
        link: text,
        detail: text,
        is_positive: truth,
        tags: listOf(text),
        misc: text,
      },
      ["when", "published_at", "day", "author", "place", "misc"],
    );
    const { stories } = await answer(
      { documents },
      object({ stories: { ...listOf(element), description: "the stories" } }),
    );
    const storm = stories.find(({ headline }: { headline: string }) => headline === "Storm");
    const fair = stories.find(({ author }: { author?: string }) => author === "Grace Hopper");
    expect(storm).toMatchObject({
      mood: "negative",
      is_positive: false,
      place: "Lincoln",
      day: "2024-05-01",
      published_at: "2024-05-01T08:00:00Z",
      detail: documents[0]!.text,
    });
    expect(fair).toMatchObject({
      mood: "positive",
      is_positive: true,
      place: "Berlin",
      link: "https://example.org/fair",
      detail: documents[1]!.text,
    });
    expect(fair).not.toHaveProperty("published_at");
    expect(fair).not.toHaveProperty("misc");
    for (const tag of storm.tags) expect(documents[0]!.text).toContain(tag);
  });

  it("lists each source once, with what is known of it", async () => {
    const documents = [
      { title: "A", url: "https://example.org/a", text: "Rails of steel were laid across the plains in that year." },
      { title: "A", url: "https://example.org/a", text: "The rails of steel were sold again to the highest bidder." },
      { title: "B", url: "https://example.org/b", text: "Steel rails need less repair than rails made of iron." },
    ];
    const { sources, urls, headings } = await answer(
      { topic: "steel rails", documents },
      object({ sources: listOf(object({ title: text, url: text })), urls: listOf(text), headings: listOf(text) }),
    );
    expect(sources.map(({ title, url }: { title: string; url: string }) => `${title} ${url}`).sort()).toEqual([
      "A https://example.org/a",
      "B https://example.org/b",
    ]);
    expect([...urls].sort()).toEqual(["https://example.org/a", "https://example.org/b"]);
    expect([...headings].sort()).toEqual(["A", "B"]);
  });

  it("prefers absent over null-less emptiness and names the first required field it cannot fill", async () => {
    expect(
      await answer(
        { document: notes },
        object({ summary: text, price_in_yen: number, isbn: text }, ["price_in_yen", "isbn"]),
      ),
    ).toEqual({ summary: expect.any(String) });
    const nested = object({ report: object({ facts: object({ isbn: text }) }) });
    await expect(answer({ document: notes }, nested)).rejects.toMatchObject({
      code: "no_evidence",
      details: { field: "report.facts.isbn" },
    });
    await expect(answer({ document: notes }, object({ x: { not: {} } }))).rejects.toMatchObject({
      code: "no_evidence",
      details: { field: "x" },
    });
    await expect(answer({}, object({ summary: text }))).rejects.toThrow(/no text was given/);
  });
});

describe("labels, sentiment and confidence", () => {
  it("sorts texts by what they say", async () => {
    const category = { enum: ["billing", "technical", "shipping", "other"] };
    const cases: [string, string][] = [
      ["I was charged twice on my card. Please refund one of the payments.", "billing"],
      ["The app crashes with an error after the update.", "technical"],
      ["My parcel has not arrived and the tracking shows nothing.", "shipping"],
      ["Do you sell gift baskets?", "other"],
    ];
    for (const [ticket, label] of cases) expect(await fill({ ticket }, "category", category)).toBe(label);
  });

  it("takes a label's meaning from the description", async () => {
    const schema = { enum: ["alpha", "beta"], description: "alpha: anything about trains; beta: anything about ships" };
    expect(await fill({ text: "The ships left the harbour at dawn." }, "kind", schema)).toBe("beta");
    expect(await fill({ text: "The trains left the station at dawn." }, "kind", schema)).toBe("alpha");
    await expect(fill({ text: "Nobody was there at dawn." }, "kind", schema)).rejects.toMatchObject({
      details: { field: "kind" },
    });
  });

  it("reads sentiment, negations included", async () => {
    const labels = { enum: ["positive", "negative", "neutral", "mixed"] };
    const cases: [string, string][] = [
      ["I love this phone, the screen is excellent.", "positive"],
      ["The battery is awful and I regret buying it.", "negative"],
      ["It was not good.", "negative"],
      ["It is not bad at all.", "positive"],
      ["The box contains a cable.", "neutral"],
      ["The screen is great but the battery is terrible.", "mixed"],
    ];
    for (const [review, label] of cases) {
      expect(await fill({ review }, "sentiment", labels)).toBe(label);
      expect(await fill({ review }, "sentiment", text)).toBe(label);
    }
    expect(await fill({ review: cases[0]![0] }, "sentiment_score", number)).toBe(1);
    expect(await fill({ review: cases[1]![0] }, "sentiment_score", { type: "number", minimum: 0, maximum: 1 })).toBe(0);
    expect(await fill({ review: cases[1]![0] }, "is_negative", truth)).toBe(true);
    expect(await fill({ review: cases[1]![0] }, "is_positive", truth)).toBe(false);
  });

  it("answers yes and no, numbers and several labels by what is said", async () => {
    expect(await fill({ text: "This is urgent." }, "is_urgent", { enum: ["yes", "no"] })).toBe("yes");
    expect(await fill({ text: "This is not urgent." }, "is_urgent", { enum: ["yes", "no"] })).toBe("no");
    expect(await fill({ text: "This is not urgent." }, "is_urgent", truth)).toBe(false);
    expect(await fill({ text: "We gave it a rating of 4 stars." }, "rating", { enum: [1, 2, 3, 4, 5] })).toBe(4);
    expect(
      await fill(
        { text: "The patients left the hospital; markets and profits rose." },
        "topics",
        listOf({ enum: ["health", "business", "sports"] }),
      ),
    ).toEqual(["health", "business"]);
    expect(
      await fill({ text: "Der Hund und die Katze sind nicht im Haus, aber sie ist auf der Straße." }, "language", {
        enum: ["en", "de"],
      }),
    ).toBe("de");
    expect(await fill({ text: "It says so." }, "is_spam", { enum: [true, false, null] })).toBeNull();
    expect(await fill({ text: "This is spam." }, "is_spam", { enum: [true, false, null] })).toBe(true);
  });

  it("grows more confident with more and better evidence, within 0 and 1", async () => {
    const schema = object({ findings: listOf(text), confidence: number, finding_count: integer });
    const one = await answer(
      { topic: "steel rails", document: "Steel rails last for twenty years on most lines." },
      schema,
    );
    const three = await answer(
      {
        topic: "steel rails",
        document:
          "Steel rails last for twenty years on most lines. Old iron rails broke every winter in the north. The mills roll steel rails by day and by night.",
      },
      schema,
    );
    expect(one).toMatchObject({ confidence: 0.5, finding_count: 1 });
    expect(three.confidence).toBeGreaterThan(one.confidence);
    expect(three.confidence).toBeLessThan(1);
    const none = await answer({ topic: "poetry", document: "Steel rails last for twenty years." }, schema);
    expect(none).toEqual({ findings: [], confidence: 0, finding_count: 0 });
    expect(
      await fill(
        { topic: "steel rails", document: "Steel rails last for twenty years on most lines." },
        "is_relevant",
        truth,
      ),
    ).toBe(true);
    expect(
      (
        await answer(
          { ticket: "Refund my card payment." },
          object({ category: { enum: ["billing", "shipping"] }, confidence: number }),
        )
      ).confidence,
    ).toBe(1);
  });

  it("counts what can be counted and nothing else", async () => {
    const documents = [
      { file: "a.txt", text: "Rails and more rails were laid." },
      { file: "b.txt", text: "The rails were sold again." },
    ];
    const schema = object({
      source_count: integer,
      passage_count: integer,
      number_of_mentions: integer,
      char_count: integer,
      line_count: integer,
      ghost_count: orNull(integer),
    });
    expect(await answer({ topic: "rails", documents }, schema)).toMatchObject({
      source_count: 2,
      passage_count: 2,
      number_of_mentions: 3,
      ghost_count: null,
    });
  });
});
