import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import type { CallEndEvent } from "../../src/core/events/event.ts";
import {
  endAttributes,
  genAi,
  genAiMetrics,
  modelAttributes,
  operations,
} from "../../src/providers/gen-ai-conventions.ts";
import { errorStatus, spanKinds } from "../../src/providers/open-telemetry-api.ts";

const wellKnownProviders: readonly unknown[] = Object.entries(conventions)
  .filter(([name]) => name.startsWith("GEN_AI_PROVIDER_NAME_VALUE_"))
  .map(([, value]) => value);
const published = new Map(Object.entries(conventions).map(([name, value]) => [value as unknown, name]));

describe("the conventions for generative AI", () => {
  it("name every attribute, operation, metric and token type that is used", () => {
    for (const attribute of Object.values(genAi)) expect(published.get(attribute), attribute).toMatch(/^ATTR_/);
    for (const operation of Object.values(operations)) {
      expect(published.get(operation), operation).toMatch(/^GEN_AI_OPERATION_NAME_VALUE_/);
    }
    expect(genAiMetrics.duration.name).toBe(conventions.METRIC_GEN_AI_CLIENT_OPERATION_DURATION);
    expect(genAiMetrics.tokens.name).toBe(conventions.METRIC_GEN_AI_CLIENT_TOKEN_USAGE);
    expect(conventions.GEN_AI_TOKEN_TYPE_VALUE_INPUT).toBe("input");
    expect(conventions.GEN_AI_TOKEN_TYPE_VALUE_OUTPUT).toBe("output");
    expect(conventions.ERROR_TYPE_VALUE_OTHER).toBe("_OTHER");
  });

  it("advise buckets that grow by the same factor", () => {
    for (const [index, bound] of genAiMetrics.duration.bounds.entries())
      expect(bound).toBeCloseTo(0.01 * 2 ** index, 9);
    for (const [index, bound] of genAiMetrics.tokens.bounds.entries()) expect(bound).toBe(4 ** index);
  });

  it("have the numbers of the API", () => {
    expect(spanKinds).toEqual({ internal: SpanKind.INTERNAL, client: SpanKind.CLIENT });
    expect(errorStatus).toBe(SpanStatusCode.ERROR);
  });

  it.each([
    ["openai/gpt-5", "openai", "gpt-5"],
    ["openai.responses/gpt-5", "openai", "gpt-5"],
    ["anthropic.messages/claude-5", "anthropic", "claude-5"],
    ["google/gemini-3", "gcp.gemini", "gemini-3"],
    ["google.generative-ai/gemini-3", "gcp.gemini", "gemini-3"],
    ["google.vertex.chat/gemini-3", "gcp.vertex_ai", "gemini-3"],
    ["azure.responses/gpt-5", "azure.ai.openai", "gpt-5"],
    ["amazon-bedrock/nova", "aws.bedrock", "nova"],
    ["mistral.chat/large", "mistral_ai", "large"],
    ["xai/grok", "x_ai", "grok"],
    ["groq.chat/openai/gpt-oss", "groq", "openai/gpt-oss"],
    ["deepseek.chat/r2", "deepseek", "r2"],
    ["cohere.chat/command", "cohere", "command"],
    ["perplexity/sonar", "perplexity", "sonar"],
    ["watsonx/granite", "ibm.watsonx.ai", "granite"],
    ["openai-compatible/mine", "openai-compatible", "mine"],
    ["constructor/x", "constructor", "x"],
    ["offline/lexical", "offline", "lexical"],
  ])("call the provider of %s %s", (name, provider, model) => {
    expect(modelAttributes(name)).toEqual({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": provider,
      "gen_ai.request.model": model,
    });
    const isCustom = /^(openai-compatible|constructor|offline)$/.test(provider);
    expect(wellKnownProviders.includes(provider)).toBe(!isCustom);
  });

  it("tell parts of tokens where there are any", () => {
    const usage = { inputTokens: 9, outputTokens: 8, cacheReadTokens: 3, cacheWriteTokens: 2, reasoningTokens: 1 };
    const event = { outcome: "ok", attempts: 1, queueMs: 0, usage } as CallEndEvent;
    expect(endAttributes(event)).toEqual({
      "flock.outcome": "ok",
      "gen_ai.usage.input_tokens": 9,
      "gen_ai.usage.output_tokens": 8,
      "gen_ai.usage.cache_read.input_tokens": 3,
      "gen_ai.usage.cache_creation.input_tokens": 2,
      "gen_ai.usage.reasoning.output_tokens": 1,
    });
  });

  it.each(["mine", "/mine", ""])("name no provider of %j", (name) => {
    expect(modelAttributes(name)).toEqual({ "gen_ai.operation.name": "chat", "gen_ai.request.model": name });
  });
});
