import { describe, expect, it } from "vitest";
import { DeclarativeAgent, tool } from "../../src/entries/index.ts";
import { createTestContext, createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];

describe("a scripted model", () => {
  it("gives text, JSON, tool calls, functions' answers and errors in turn, then says the script is over", async () => {
    const model = scriptedModel([
      "plain",
      { json: { a: 1 }, usage: { inputTokens: 3, outputTokens: 4 } },
      {
        text: "asking",
        toolCalls: [
          { tool: "t", input: { x: 1 } },
          { tool: "t", input: "raw", id: "mine" },
        ],
      },
      (request) => `asked ${request.prompt.length}`,
      new Error("broken"),
      { error: "thrown as it is" },
    ]);
    expect((await model.doGenerate({ prompt })).content).toEqual([{ type: "text", text: "plain" }]);
    expect(await model.doGenerate({ prompt })).toMatchObject({
      content: [{ text: '{"a":1}' }],
      usage: { inputTokens: { total: 3 }, outputTokens: { total: 4 } },
    });
    expect(await model.doGenerate({ prompt })).toMatchObject({
      content: [
        { text: "asking" },
        { toolName: "t", input: '{"x":1}', toolCallId: "call-2-0" },
        { input: "raw", toolCallId: "mine" },
      ],
      finishReason: { unified: "tool-calls" },
    });
    expect((await model.doGenerate({ prompt })).content).toEqual([{ type: "text", text: "asked 1" }]);
    await expect(model.doGenerate({ prompt })).rejects.toThrow("broken");
    await expect(model.doGenerate({ prompt })).rejects.toBe("thrown as it is");
    await expect(model.doGenerate({ prompt })).rejects.toThrow("the script has 6 answers, this is request 7");
    expect(model.requests).toHaveLength(7);
    expect(() => scriptedModel([])).toThrow("a list with at least one answer");
  });

  it("streams what it would have said, in pieces, and begins again when told to repeat", async () => {
    const model = scriptedModel([{ text: "one two  three", toolCalls: [{ tool: "t", input: {} }] }], {
      repeat: true,
      modelId: "m",
    });
    for (let round = 0; round < 2; round++) {
      const { stream } = await model.doStream({ prompt });
      const parts = [];
      for await (const part of stream as unknown as AsyncIterable<{ type: string; delta?: string }>) parts.push(part);
      expect(parts.map((part) => part.type)).toEqual([
        "stream-start",
        "text-start",
        "text-delta",
        "text-delta",
        "text-delta",
        "text-end",
        "tool-input-start",
        "tool-input-delta",
        "tool-input-end",
        "tool-call",
        "finish",
      ]);
      expect(parts.map((part) => part.delta ?? "").join("")).toBe("one two  three{}");
    }
    expect([model.modelId, model.provider]).toEqual(["m", "scripted"]);
  });

  it("waits on the runtime's clock, and an abort ends the wait", async () => {
    const runtime = createTestRuntime();
    const model = scriptedModel(
      [
        { text: "late", delayMs: 100 },
        { text: "never", delayMs: 100 },
      ],
      { runtime },
    );
    const late = model.doGenerate({ prompt });
    await runtime.clock.advance(100);
    expect((await late).content).toHaveLength(1);
    const controller = new AbortController();
    const cut = model.doGenerate({ prompt, abortSignal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(cut).rejects.toThrow("enough");
  });
});

describe("a test context", () => {
  it("calls tools and agents as inside a run, and shows what happened", async () => {
    const add = tool({
      name: "add",
      description: "Adds.",
      input: "a: int, b: int",
      output: "sum: int",
      execute: ({ a, b }) => ({ sum: a + b }),
    });
    const agent = new DeclarativeAgent({ name: "agent", input: "topic: str", output: "summary: str" });
    const { context, events, end } = await createTestContext({ model: scriptedModel(['{"summary": "short"}']) });
    expect(await context.call(add, { a: 1, b: 2 })).toEqual({ sum: 3 });
    expect(await context.call(agent, { topic: "bees" })).toEqual({ summary: "short" });
    await expect(context.call(add, { a: "x" } as never)).rejects.toMatchObject({
      code: "input_invalid",
      path: "run/test#0/add#2",
    });
    await end();
    expect(events.at(-1)).toMatchObject({ type: "run-end", outcome: "ok" });
    await expect(context.call(add, { a: 1, b: 2 })).rejects.toThrow("has ended");
  });
});
