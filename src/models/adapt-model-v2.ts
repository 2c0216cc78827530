/** Lets models of the AI SDK's version 2 serve as version 4: flat usage, plain finish reasons, fewer kinds of parts. */

import type {
  LanguageModelV2,
  LanguageModelV2CallOptions,
  LanguageModelV2CallWarning,
  LanguageModelV2Content,
  LanguageModelV2FinishReason,
  LanguageModelV2StreamPart,
  LanguageModelV2Usage,
  LanguageModelV3Content,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { contentFromV3, mapStream, plainData } from "./adapt-model-v3.ts";

/** Wraps a version 2 model. */
export function fromV2(model: LanguageModelV2): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const result = await model.doGenerate(optionsToV2(options));
      return {
        ...result,
        content: result.content.map(contentFromV2),
        finishReason: finishFromV2(result.finishReason),
        usage: usageFromV2(result.usage),
        warnings: result.warnings.map(warningFromV2),
      } as LanguageModelV4GenerateResult;
    },
    async doStream(options) {
      const result = await model.doStream(optionsToV2(options));
      return { ...result, stream: result.stream.pipeThrough(mapStream(partFromV2)) };
    },
  };
}

function optionsToV2(options: LanguageModelV4CallOptions): LanguageModelV2CallOptions {
  const { reasoning: _, prompt, tools, ...rest } = options;
  const older = tools?.map((tool) =>
    tool.type === "provider" ? { ...tool, type: "provider-defined" as const } : tool,
  );
  return {
    ...(rest as Omit<LanguageModelV2CallOptions, "prompt" | "tools">),
    ...(older === undefined ? {} : { tools: older as NonNullable<LanguageModelV2CallOptions["tools"]> }),
    prompt: prompt.map(messageToV2) as LanguageModelV2CallOptions["prompt"],
  };
}

function messageToV2(message: LanguageModelV4Message): unknown {
  if (message.role === "system") return message;
  const content: unknown[] = [];
  for (const part of message.content) {
    if (part.type === "file") content.push({ ...part, data: plainData(part.data) });
    else if (part.type === "tool-result") content.push({ ...part, output: outputToV2(part.output) });
    else if (part.type === "text" || part.type === "reasoning" || part.type === "tool-call") content.push(part);
  }
  return { ...message, content };
}

function outputToV2(output: LanguageModelV4ToolResultOutput): unknown {
  if (output.type === "execution-denied") {
    return { type: "error-text", value: output.reason ?? "the tool was not allowed to run" };
  }
  if (output.type !== "content") return { type: output.type, value: output.value };
  const value: unknown[] = [];
  for (const item of output.value) {
    if (item.type === "text") value.push({ type: "text", text: item.text });
    else if (item.type === "file") value.push(mediaOf(item));
  }
  return { type: "content", value };
}

type FileItem = Extract<
  Extract<LanguageModelV4ToolResultOutput, { type: "content" }>["value"][number],
  { type: "file" }
>;

function mediaOf(item: FileItem): unknown {
  const data = plainData(item.data);
  if (data instanceof URL) return { type: "text", text: data.href };
  const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
  return { type: "media", data: base64, mediaType: item.mediaType };
}

function contentFromV2(content: LanguageModelV2Content): LanguageModelV4Content {
  return contentFromV3(content as LanguageModelV3Content);
}

function finishFromV2(reason: LanguageModelV2FinishReason): LanguageModelV4FinishReason {
  return { unified: reason === "unknown" ? "other" : reason, raw: reason };
}

function usageFromV2(usage: LanguageModelV2Usage): LanguageModelV4Usage {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens === undefined ? undefined : inputTokens - (cachedInputTokens ?? 0),
      cacheRead: cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: outputTokens,
      text: outputTokens === undefined ? undefined : outputTokens - (reasoningTokens ?? 0),
      reasoning: reasoningTokens,
    },
  };
}

function warningFromV2(warning: LanguageModelV2CallWarning): LanguageModelV4GenerateResult["warnings"][number] {
  if (warning.type === "other") return warning;
  const feature = warning.type === "unsupported-setting" ? String(warning.setting) : `tool ${warning.tool.name}`;
  return { type: "unsupported", feature, ...(warning.details === undefined ? {} : { details: warning.details }) };
}

function partFromV2(part: LanguageModelV2StreamPart): LanguageModelV4StreamPart {
  if (part.type === "stream-start") return { type: "stream-start", warnings: part.warnings.map(warningFromV2) };
  if (part.type === "finish") {
    return {
      ...part,
      finishReason: finishFromV2(part.finishReason),
      usage: usageFromV2(part.usage),
    } as LanguageModelV4StreamPart;
  }
  return part.type === "file"
    ? (contentFromV2(part) as LanguageModelV4StreamPart)
    : (part as LanguageModelV4StreamPart);
}
