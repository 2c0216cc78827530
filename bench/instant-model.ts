/** A model that answers at once, and the same answers for the AI SDK and for the bare loop, so that only frameworks differ. */

import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from "@ai-sdk/provider";

/** How often the model was called; a benchmark that skips calls measures a cache. */
export const counter = { calls: 0 };

const usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 20, text: 20, reasoning: 0 },
};

/** Answers a JSON object; asks for the tool first when tools are offered and none has answered. */
export function instantModel(delayMs = 0): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "instant",
    supportedUrls: {},
    doGenerate: (options) => {
      counter.calls += 1;
      const answer = answerFor(options);
      return delayMs === 0
        ? Promise.resolve(answer)
        : new Promise((resolve) => setTimeout(() => resolve(answer), delayMs));
    },
    doStream: () => Promise.reject(new Error("not streamed here")),
  };
}

function answerFor(options: LanguageModelV4CallOptions): LanguageModelV4GenerateResult {
  const asksTool = options.tools !== undefined && options.prompt.at(-1)?.role !== "tool";
  if (asksTool) {
    const content = [{ type: "tool-call" as const, toolCallId: "1", toolName: "lookUp", input: '{"word":"bees"}' }];
    return { content, finishReason: { unified: "tool-calls", raw: "tool_calls" }, usage, warnings: [] };
  }
  return {
    content: [{ type: "text", text: answerText }],
    finishReason: { unified: "stop", raw: "stop" },
    usage,
    warnings: [],
  };
}

/** What it says: fits every output used in the benchmark. */
export const answerText =
  '{"summary":"Bees dance to tell each other where the flowers are.","keywords":["bees","dance","flowers"]}';
