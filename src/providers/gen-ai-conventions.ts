/** Names of OpenTelemetry's conventions for generative AI, and what events are in their words. They are still unstable, so they stand here once. */

import type { CallEndEvent, CallStartEvent, RunEndEvent, RunnableKind, Usage } from "../core/events/event.ts";
import { spanKinds, type TelemetryAttributes } from "./open-telemetry-api.ts";

/** Attributes, as the conventions name them. */
export const genAi = {
  agentName: "gen_ai.agent.name",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_creation.input_tokens",
  errorType: "error.type",
  finishReasons: "gen_ai.response.finish_reasons",
  inputMessages: "gen_ai.input.messages",
  inputTokens: "gen_ai.usage.input_tokens",
  operationName: "gen_ai.operation.name",
  outputTokens: "gen_ai.usage.output_tokens",
  providerName: "gen_ai.provider.name",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  requestModel: "gen_ai.request.model",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  tokenType: "gen_ai.token.type",
  toolArguments: "gen_ai.tool.call.arguments",
  toolName: "gen_ai.tool.name",
  toolType: "gen_ai.tool.type",
  workflowName: "gen_ai.workflow.name",
} as const;

/** Operations, by what runs. */
export const operations: Readonly<Record<RunnableKind, string>> = {
  agent: "invoke_agent",
  model: "chat",
  pattern: "invoke_workflow",
  tool: "execute_tool",
};

/** Metrics, with the boundaries the conventions advise. */
export const genAiMetrics = {
  duration: {
    name: "gen_ai.client.operation.duration",
    unit: "s",
    description: "How long calls of models took.",
    bounds: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  },
  tokens: {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    description: "Tokens of calls of models.",
    bounds: [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864],
  },
} as const;

/** Reasons for the end of an answer that the conventions call otherwise. */
const finishReasons: ReadonlyMap<string, string> = new Map([
  ["content-filter", "content_filter"],
  ["tool-calls", "tool_call"],
]);

/** What an error without a code is called. */
const otherError = "_OTHER";

/** Vendors as model names begin, and what the conventions call them; a longer beginning stands before a shorter one. */
const vendors: readonly (readonly [beginning: string, name: string])[] = [
  ["openai", "openai"],
  ["anthropic", "anthropic"],
  ["google-vertex", "gcp.vertex_ai"],
  ["google.vertex", "gcp.vertex_ai"],
  ["google", "gcp.gemini"],
  ["azure", "azure.ai.openai"],
  ["azure-openai", "azure.ai.openai"],
  ["amazon-bedrock", "aws.bedrock"],
  ["bedrock", "aws.bedrock"],
  ["mistral", "mistral_ai"],
  ["xai", "x_ai"],
  ["cohere", "cohere"],
  ["deepseek", "deepseek"],
  ["groq", "groq"],
  ["perplexity", "perplexity"],
  ["watsonx", "ibm.watsonx.ai"],
];

/** Reads a model's name, such as `openai/gpt-5` or `openai.responses/gpt-5`; a name without a vendor is the model alone. */
export function modelAttributes(name: string): TelemetryAttributes {
  const slash = name.indexOf("/");
  if (slash <= 0) return { [genAi.operationName]: operations.model, [genAi.requestModel]: name };
  const vendor = name.slice(0, slash);
  const known = vendors.find(([beginning]) => vendor === beginning || vendor.startsWith(`${beginning}.`));
  return {
    [genAi.operationName]: operations.model,
    [genAi.providerName]: known?.[1] ?? vendor,
    [genAi.requestModel]: name.slice(slash + 1),
  };
}

/** How the span of a call begins. */
export interface SpanStart {
  readonly name: string;
  readonly kind: number;
  readonly attributes: TelemetryAttributes;
}

/** Gives name, kind and attributes of a call's span. */
export function callSpan({ kind, name, path, runId }: CallStartEvent): SpanStart {
  const own =
    kind === "model" ? modelAttributes(name) : { [genAi.operationName]: operations[kind], ...named(kind, name) };
  return {
    name: `${operations[kind]} ${kind === "model" ? own[genAi.requestModel] : name}`,
    kind: kind === "model" ? spanKinds.client : spanKinds.internal,
    attributes: { ...own, "flock.path": path, "flock.run.id": runId },
  };
}

function named(kind: Exclude<RunnableKind, "model">, name: string): TelemetryAttributes {
  if (kind === "tool") return { [genAi.toolName]: name, [genAi.toolType]: "function" };
  return { [kind === "agent" ? genAi.agentName : genAi.workflowName]: name };
}

/** Gives what is known when a call ends. */
export function endAttributes(event: CallEndEvent): TelemetryAttributes {
  const { attempts, cacheState, finishReason, queueMs, stream } = event;
  return {
    ...errorAttributes(event),
    ...(event.usage === undefined ? {} : usageAttributes(event.usage)),
    ...(event.costMicroUsd === undefined ? {} : { "flock.cost_usd": event.costMicroUsd / 1_000_000 }),
    ...(finishReason === undefined ? {} : { [genAi.finishReasons]: [finishReasons.get(finishReason) ?? finishReason] }),
    ...(stream === undefined ? {} : { [genAi.timeToFirstChunk]: stream.firstTokenMs / 1_000 }),
    ...(cacheState === undefined ? {} : { "flock.cache": cacheState }),
    ...(attempts > 1 ? { "flock.attempts": attempts } : {}),
    ...(queueMs > 0 ? { "flock.queue_seconds": queueMs / 1_000 } : {}),
  };
}

/** Gives what is known when a run ends. Its sums have names of their own: backends add up `gen_ai.usage` of all spans. */
export function runEndAttributes(event: RunEndEvent): TelemetryAttributes {
  const { usage, costMicroUsd } = event;
  return {
    ...errorAttributes(event),
    ...(usage === undefined
      ? {}
      : { "flock.run.input_tokens": usage.inputTokens, "flock.run.output_tokens": usage.outputTokens }),
    ...(costMicroUsd === undefined ? {} : { "flock.run.cost_usd": costMicroUsd / 1_000_000 }),
  };
}

/** Names what ended something; cancelled is no error, and has its outcome alone. */
export function errorAttributes({ outcome, code }: Pick<CallEndEvent, "outcome" | "code">): TelemetryAttributes {
  const told = { "flock.outcome": outcome };
  return outcome === "error" ? { ...told, [genAi.errorType]: code ?? otherError } : told;
}

function usageAttributes(usage: Usage): TelemetryAttributes {
  return {
    [genAi.inputTokens]: usage.inputTokens,
    [genAi.outputTokens]: usage.outputTokens,
    ...(usage.cacheReadTokens > 0 ? { [genAi.cacheReadTokens]: usage.cacheReadTokens } : {}),
    ...(usage.cacheWriteTokens > 0 ? { [genAi.cacheWriteTokens]: usage.cacheWriteTokens } : {}),
    ...(usage.reasoningTokens > 0 ? { [genAi.reasoningTokens]: usage.reasoningTokens } : {}),
  };
}
