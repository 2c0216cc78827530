import type { LanguageModelV4Content, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import type { FlockError } from "../../src/core/errors/errors.ts";
import { answerText, toolCallsOf } from "../../src/prompt/answer-text.ts";
import { askAgainMessages } from "../../src/prompt/ask-again.ts";
import { readAnswer } from "../../src/prompt/read/read-answer.ts";
import { toolTurn } from "../../src/prompt/tool-turn.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";

const previous: LanguageModelV4Prompt = [{ role: "system", content: "s" }];

function refusal(text: string): FlockError<"output_invalid" | "output_unreadable"> {
  const answer = readAnswer(text, parseSignature("a: int, b: { c: str }"));
  if (answer instanceof Promise || answer.ok) throw new Error("expected a refusal");
  return answer.error;
}

function lastText(messages: LanguageModelV4Prompt): string {
  const part = messages.at(-1)?.content[0];
  return typeof part === "object" && part.type === "text" ? part.text : "";
}

describe("askAgainMessages", () => {
  it("adds the refused answer and its errors by pointer, and leaves the earlier messages alone", () => {
    const messages = askAgainMessages(previous, '{"a": "x"}', refusal('{"a": "x"}'));
    expect(messages.map((message) => message.role)).toEqual(["system", "assistant", "user"]);
    expect(messages[1]?.content).toEqual([{ type: "text", text: '{"a": "x"}' }]);
    expect(lastText(messages)).toMatch(/- \/a: .+\n- \/b: .+\nAnswer again/);
    expect(previous).toHaveLength(1);
  });

  it("says why an answer could not be read", () => {
    expect(lastText(askAgainMessages(previous, "no", refusal("no")))).toContain(
      "could not be read as JSON: text without any JSON value",
    );
  });

  it("takes issues themselves, the first 20 of them", () => {
    const issues = Array.from({ length: 25 }, (_, index) => ({
      pointer: index === 0 ? "" : `/${index}`,
      message: "bad",
    }));
    const text = lastText(askAgainMessages(previous, "x", issues));
    expect(text).toContain("- (whole answer): bad\n- /1: bad");
    expect(text).toContain("- /19: bad\n- and 5 more");
  });

  it("quotes no empty answer, and a long one by its beginning", () => {
    expect(askAgainMessages(previous, " ", refusal("")).map((message) => message.role)).toEqual(["system", "user"]);
    const [, quoted] = askAgainMessages(previous, "x".repeat(1_000_000), []);
    expect(JSON.stringify(quoted).length).toBeLessThan(20_000);
    expect(JSON.stringify(quoted)).toContain("(cut)");
  });
});

describe("toolTurn", () => {
  it("writes what was said and called, then one result for each call", () => {
    const marks = { vendor: { signature: "abc" } };
    const content: LanguageModelV4Content[] = [
      { type: "reasoning", text: "hm", providerMetadata: marks },
      { type: "text", text: "let me look" },
      { type: "text", text: "" },
      { type: "source", sourceType: "url", id: "s", url: "https://a.b" },
      { type: "tool-call", toolCallId: "1", toolName: "search", input: '{"q": "bees"}', providerMetadata: marks },
      { type: "tool-call", toolCallId: "2", toolName: "now", input: "" },
      { type: "tool-call", toolCallId: "3", toolName: "odd", input: "{broken", providerExecuted: true },
    ];
    const turn = toolTurn(content, [
      { toolCallId: "1", toolName: "search", output: { hits: [1] } },
      { toolCallId: "2", toolName: "now", error: "no clock" },
      { toolCallId: "3", toolName: "odd", denied: "not allowed" },
      { toolCallId: "4", toolName: "nothing", output: null },
    ]);
    expect(turn).toEqual([
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", providerOptions: marks },
          { type: "text", text: "let me look" },
          { type: "tool-call", toolCallId: "1", toolName: "search", input: { q: "bees" }, providerOptions: marks },
          { type: "tool-call", toolCallId: "2", toolName: "now", input: {} },
          { type: "tool-call", toolCallId: "3", toolName: "odd", input: "{broken", providerExecuted: true },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "1", toolName: "search", output: { type: "json", value: { hits: [1] } } },
          { type: "tool-result", toolCallId: "2", toolName: "now", output: { type: "error-text", value: "no clock" } },
          {
            type: "tool-result",
            toolCallId: "3",
            toolName: "odd",
            output: { type: "execution-denied", reason: "not allowed" },
          },
          { type: "tool-result", toolCallId: "4", toolName: "nothing", output: { type: "json", value: null } },
        ],
      },
    ]);
  });
});

describe("what is picked out of an answer", () => {
  const call = { type: "tool-call", toolCallId: "1", toolName: "t", input: "{}" } as const;

  it("is its text, the structured one first", () => {
    expect(answerText({ content: [{ type: "text", text: "a" }] })).toBe("a");
    expect(answerText({ content: [{ type: "text", text: "a" }, call, { type: "text", text: "b" }] })).toBe("ab");
    expect(answerText({ content: [call] })).toBe("");
    expect(answerText({ content: [{ type: "text", text: "a" }], structuredOutputText: "s" })).toBe("s");
  });

  it("is the calls the caller must run", () => {
    expect(toolCallsOf({ content: [{ type: "text", text: "a" }, call, { ...call, providerExecuted: true }] })).toEqual([
      call,
    ]);
  });
});
