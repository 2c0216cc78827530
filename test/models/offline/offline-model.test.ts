import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { offlineModel } from "../../../src/models/offline/offline-model.ts";
import { answer, answerText, listOf, object, searchTool, text } from "./ask-offline.ts";

const notes =
  "The new search index went live in March. It cut query latency by 40 percent. Costs fell from $12,000 to $7,500 per month. The team will review the migration in April.";
const schema = object({ summary: text, key_points: listOf(text) });
const options: LanguageModelV4CallOptions = {
  prompt: [],
  providerOptions: { flock: { inputs: { document: notes }, inputSchema: {}, outputSchema: schema } as never },
};

async function partsOf(call: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await offlineModel().doStream(call);
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) parts.push(part);
  return parts;
}

describe("the offline model as a language model", () => {
  it("says what it is", () => {
    expect(offlineModel()).toMatchObject({
      specificationVersion: "v4",
      provider: "offline",
      modelId: "offline/extractive",
      supportedUrls: {},
    });
  });

  it("gives the same bytes for the same options", async () => {
    const first = JSON.stringify(await offlineModel().doGenerate(options));
    expect(JSON.stringify(await offlineModel().doGenerate(structuredClone(options)))).toBe(first);
  });

  it("streams small pieces that join to the generated text, between start and finish", async () => {
    const generated = await offlineModel().doGenerate(options);
    const parts = await partsOf(options);
    const deltas = parts.flatMap((part) => (part.type === "text-delta" ? [part.delta] : []));
    expect(deltas.length).toBeGreaterThan(5);
    expect([{ type: "text", text: deltas.join("") }]).toEqual(generated.content);
    expect(parts.map(({ type }) => type).filter((type) => type !== "text-delta")).toEqual([
      "stream-start",
      "response-metadata",
      "text-start",
      "text-end",
      "finish",
    ]);
    expect(parts.at(-1)).toEqual({ type: "finish", usage: generated.usage, finishReason: generated.finishReason });
    expect(generated.finishReason).toEqual({ unified: "stop", raw: "stop" });
  });

  it("never parts a surrogate pair between two pieces", async () => {
    const document = "The 🚂🚃🚃🚃🚃🚃🚃🚃🚃🚃🚃🚃🚃 train crossed the bridge before noon on Sunday.";
    const parts = await partsOf({
      prompt: [],
      providerOptions: { flock: { inputs: { document }, inputSchema: {}, outputSchema: schema } as never },
    });
    for (const part of parts) if (part.type === "text-delta") expect(part.delta.isWellFormed()).toBe(true);
  });

  it("streams tool calls with their input", async () => {
    const call = {
      ...options,
      tools: [searchTool],
      providerOptions: { flock: { inputs: { topic: "railroads" }, inputSchema: {}, outputSchema: schema } as never },
    };
    const generated = await offlineModel().doGenerate(call);
    const parts = await partsOf(call);
    expect(generated.finishReason.unified).toBe("tool-calls");
    expect(parts.filter((part) => part.type === "tool-call")).toEqual(generated.content);
    const [made] = generated.content;
    expect(made).toMatchObject({ type: "tool-call", toolName: "searchDocuments", input: '{"query":"railroads"}' });
    expect(parts.flatMap((part) => (part.type === "tool-input-delta" ? [part.delta] : []))).toEqual([
      '{"query":"railroads"}',
    ]);
  });

  it("counts a token for four characters", async () => {
    const prompt: LanguageModelV4CallOptions["prompt"] = [{ role: "user", content: [{ type: "text", text: notes }] }];
    const { usage, content } = await offlineModel().doGenerate({ prompt });
    const written = content[0]?.type === "text" ? content[0].text.length : 0;
    expect(usage.outputTokens).toEqual({ total: Math.ceil(written / 4), text: Math.ceil(written / 4), reasoning: 0 });
    expect(usage.inputTokens.total).toBeGreaterThanOrEqual(Math.ceil(notes.length / 4));
    expect(usage.inputTokens.total).toBeLessThan(notes.length / 4 + 20);
    expect(usage.inputTokens).toMatchObject({ noCache: usage.inputTokens.total, cacheRead: 0, cacheWrite: 0 });
  });

  it("cuts at the token limit and at stop sequences, and says so", async () => {
    const whole = await answerText({ document: notes }, schema);
    const short = await offlineModel().doGenerate({ ...options, maxOutputTokens: 10 });
    expect(short.content).toEqual([{ type: "text", text: whole.slice(0, 40) }]);
    expect(short.finishReason.unified).toBe("length");
    const stopped = await offlineModel().doGenerate({ ...options, stopSequences: ["", "summary"] });
    expect(stopped.content).toEqual([{ type: "text", text: whole.slice(0, whole.indexOf("summary")) }]);
    expect(stopped.finishReason.unified).toBe("stop");
  });

  it("ignores settings that only steer chance, without a warning", async () => {
    const result = await offlineModel().doGenerate({
      ...options,
      temperature: 2,
      seed: 1,
      topP: 0.1,
      reasoning: "high",
    });
    expect(result.warnings).toEqual([]);
    expect(result.content).toEqual((await offlineModel().doGenerate(options)).content);
  });

  it("warns of files it cannot read and of tools it cannot run", async () => {
    const { warnings } = await offlineModel().doGenerate({
      prompt: [
        {
          role: "user",
          content: [
            { type: "text", text: notes },
            { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
          ],
        },
      ],
      tools: [{ type: "provider", id: "openai.web_search", name: "web", args: {} }],
    });
    expect(warnings).toEqual([
      { type: "unsupported", feature: "file input of type image/png", details: "only text is read" },
      { type: "unsupported", feature: "provider tool openai.web_search" },
    ]);
  });

  it("rejects with the signal's own reason, before and while it works, and in the stream", async () => {
    const reason = new Error("enough");
    await expect(offlineModel().doGenerate({ ...options, abortSignal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const during = new AbortController();
    const long = {
      document: Array.from({ length: 20_000 }, (_, at) => `Sentence ${at} speaks of trains and bridges.`).join(" "),
    };
    const working = offlineModel().doGenerate({
      prompt: [],
      abortSignal: during.signal,
      providerOptions: { flock: { inputs: long, inputSchema: {}, outputSchema: schema } as never },
    });
    setImmediate(() => during.abort(reason));
    await expect(working).rejects.toBe(reason);
    const later = new AbortController();
    const { stream } = await offlineModel().doStream({ ...options, abortSignal: later.signal });
    const reader = stream.getReader();
    await reader.read();
    later.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
  });

  it("reads attached text files as evidence with their name", async () => {
    const bytes = new TextEncoder().encode("Railroads carried most of the grain of the western states in 1890.");
    const prompt: LanguageModelV4CallOptions["prompt"] = [
      {
        role: "user",
        content: [
          { type: "text", text: '{"topic":"railroads and grain"}' },
          { type: "file", filename: "grain.txt", mediaType: "text/plain", data: { type: "data", data: bytes } },
          {
            type: "file",
            filename: "rails.txt",
            mediaType: "text/plain",
            data: { type: "text", text: "Railroads need steel rails that last for twenty years or more." },
          },
          {
            type: "file",
            mediaType: "text/plain",
            data: {
              type: "data",
              data: Buffer.from("Grain prices fell sharply in the year after the harvest.").toString("base64"),
            },
          },
        ],
      },
    ];
    const result = await offlineModel().doGenerate({
      prompt,
      responseFormat: { type: "json", schema: object({ findings: listOf(text), sources: listOf(text) }) as never },
    });
    const value = JSON.parse(result.content[0]?.type === "text" ? result.content[0].text : "");
    expect(value.findings).toHaveLength(3);
    expect(value.sources).toEqual(expect.arrayContaining(["grain.txt", "rails.txt"]));
  });
});

describe("without fields from an agent", () => {
  const ask = async (message: string, more: Partial<LanguageModelV4CallOptions> = {}) => {
    const result = await offlineModel().doGenerate({
      prompt: [
        { role: "system", content: "You are terse." },
        { role: "user", content: [{ type: "text", text: message }] },
      ],
      ...more,
    });
    return result.content[0]?.type === "text" ? result.content[0].text : "";
  };

  it("answers plain text with sentences of the user's text", async () => {
    const said = await ask(`Summarise this.\n\n${notes}`);
    for (const sentence of said.split(/(?<=\.) /)) expect(notes).toContain(sentence);
    expect(said).not.toContain("terse");
  });

  it("takes a question before or after the text as the topic", async () => {
    for (const message of [`What happened to costs?\n\n${notes}`, `${notes}\n\nWhat happened to costs?`]) {
      expect(await ask(message)).toBe("Costs fell from $12,000 to $7,500 per month.");
    }
  });

  it("fills the schema of the response format, or a plain one when JSON comes without", async () => {
    expect(
      JSON.parse(await ask(notes, { responseFormat: { type: "json", schema: object({ summary: text }) as never } }))
        .summary,
    ).toContain("search index");
    expect(JSON.parse(await ask(notes, { responseFormat: { type: "json" } })).answer).toContain("search index");
  });

  it("reads inputs that come as JSON, also between the marks of the prompt", async () => {
    const json = JSON.stringify({ topic: "costs", document: notes });
    for (const message of [json, `<inputs>\n${json}\n</inputs>`]) {
      expect(await ask(message)).toBe("Costs fell from $12,000 to $7,500 per month.");
    }
  });

  it("throws when there is nothing to quote", async () => {
    await expect(ask("")).rejects.toMatchObject({ code: "no_evidence", details: { field: "answer" } });
    await expect(ask("Why is the sky blue?")).rejects.toMatchObject({ code: "no_evidence" });
  });

  it("treats a malformed request as none", async () => {
    for (const flock of [null, 3, [], { inputs: 1 }, { inputs: {}, outputSchema: [] }]) {
      expect(await ask(notes, { providerOptions: { flock: flock as never } })).toContain("search index");
    }
    const { summary } = await answer({ document: notes }, object({ summary: text }), { providerOptions: {} });
    expect(summary).toContain("search index");
  });
});
