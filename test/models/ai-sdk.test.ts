/** The AI SDK itself drives our models: proof that they keep its interface, not just its types. */

import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { offlineModel } from "../../src/entries/models.ts";
import { scriptedModel } from "../../src/entries/testing.ts";

const text = "Bees dance to tell other bees where the flowers are. The dance was described in 1923. Bees make honey.";
const schema = jsonSchema<{ summary: string; year?: number }>({
  type: "object",
  properties: { summary: { type: "string" }, year: { type: "integer" } },
  required: ["summary"],
  additionalProperties: false,
});

describe("the AI SDK", () => {
  it("gets text and objects out of the offline engine", async () => {
    const plain = await generateText({ model: offlineModel(), prompt: text });
    expect(plain.text).toContain("dance");
    expect(plain.usage.inputTokens).toBeGreaterThan(0);
    const { output } = await generateText({ model: offlineModel(), output: Output.object({ schema }), prompt: text });
    expect(text).toContain(output.summary.slice(0, 40));
  });

  it("streams it", async () => {
    const { textStream } = streamText({ model: offlineModel(), prompt: text });
    let streamed = "";
    for await (const piece of textStream) streamed += piece;
    expect(streamed).toBe((await generateText({ model: offlineModel(), prompt: text })).text);
  });

  it("runs its own tool loop over a scripted model", async () => {
    const model = scriptedModel([{ toolCalls: [{ tool: "add", input: { a: 1, b: 2 } }] }, "the sum is 3"]);
    const add = tool({
      description: "Adds.",
      inputSchema: jsonSchema<{ a: number; b: number }>({
        type: "object",
        properties: { a: { type: "number" }, b: { type: "number" } },
        required: ["a", "b"],
      }),
      execute: async ({ a, b }) => a + b,
    });
    const { text: said, steps } = await generateText({
      model,
      tools: { add },
      prompt: "1 + 2?",
      stopWhen: stepCountIs(3),
    });
    expect(said).toBe("the sum is 3");
    expect(steps[0]?.toolResults[0]?.output).toBe(3);
  });
});
