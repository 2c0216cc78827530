import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallStartEvent, OutputEvent, RunnableKind } from "../../src/core/events/event.ts";
import { InputReference } from "../../src/core/events/input-reference.ts";
import { inputAttributes, outputAttributes } from "../../src/providers/telemetry-content.ts";

function started(kind: RunnableKind, input: unknown): CallStartEvent {
  return { kind, input: new InputReference(input) } as CallStartEvent;
}

describe("content in spans", () => {
  it("is messages alone of a model's request: no headers, no options of its vendor, no bytes", () => {
    const { "gen_ai.input.messages": text } = inputAttributes(
      started("model", {
        headers: { authorization: "Bearer sk-1" },
        providerOptions: { openai: { user: "sk-2" } },
        prompt: [
          { role: "system", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "Hello", providerOptions: { x: { key: "sk-3" } } },
              { type: "file", mediaType: "image/png", data: "sk-4" },
            ],
          },
          {
            role: "assistant",
            content: [
              { type: "reasoning", text: "Hm." },
              { type: "tool-call", toolCallId: "1", toolName: "find", input: { q: "bees" } },
            ],
          },
          { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "find", output: { value: 3 } }] },
        ],
      }),
    );
    expect(text).not.toContain("sk-");
    expect(JSON.parse(`${text}`)).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be brief." }] },
      {
        role: "user",
        parts: [
          { type: "text", content: "Hello" },
          { type: "file", mime_type: "image/png" },
        ],
      },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "Hm." },
          { type: "tool_call", id: "1", name: "find", arguments: { q: "bees" } },
        ],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "1", response: { value: 3 } }] },
    ]);
  });

  it("is nothing where a model's input is no prompt, or where it cannot be read", () => {
    for (const input of [undefined, null, 3, {}, { prompt: "text" }, { prompt: [null] }]) {
      expect(inputAttributes(started("model", input))).toEqual({});
    }
    const trap = {
      get x(): never {
        throw new Error("sk-1");
      },
    };
    expect(inputAttributes(started("tool", trap))).toEqual({});
    expect(outputAttributes({ value: undefined } as OutputEvent)).toEqual({});
    expect(outputAttributes({ value: trap } as unknown as OutputEvent)).toEqual({});
  });

  it("is cut so that it stays JSON of bounded length, whatever it is", () => {
    const large = fc.oneof(
      fc.json().map((text) => JSON.parse(text)),
      fc.integer({ min: 0, max: 60_000 }).map((length) => "\u0001".repeat(length)),
      fc.integer({ min: 0, max: 60_000 }).map((length) => Array.from({ length }, (_, index) => index)),
      fc
        .integer({ min: 0, max: 5_000 })
        .map((length) => Object.fromEntries(Array.from({ length }, (_, index) => [`key ${index}`, "value"]))),
      fc
        .integer({ min: 0, max: 300 })
        .map((side) => Array.from({ length: side }, () => Array.from({ length: side }, () => []))),
    );
    fc.assert(
      fc.property(large, (value) => {
        const { "flock.output": text } = outputAttributes({ value } as OutputEvent);
        expect(`${text}`.length).toBeLessThan(60_000);
        JSON.parse(`${text}`);
      }),
    );
    const { "flock.output": cut } = outputAttributes({ value: { text: "x".repeat(100_000), more: 1 } } as never);
    expect(`${cut}`.length).toBeGreaterThan(8_000);
    expect(cut).toMatch(/x…"\}$/);
    const whole = { text: "x".repeat(5_000), more: [1, 2n] };
    expect(outputAttributes({ value: whole } as never)["flock.output"]).toBe(`{"text":"${whole.text}","more":[1,"2"]}`);
  });
});
