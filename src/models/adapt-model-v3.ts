/** Lets models of the AI SDK's version 3 serve as version 4: files are wrapped differently, the rest is the same. */

import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3GenerateResult,
  LanguageModelV3Message,
  LanguageModelV3StreamPart,
  LanguageModelV3ToolResultOutput,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FilePart,
  LanguageModelV4GenerateResult,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolResultOutput,
} from "@ai-sdk/provider";
import { optionError } from "../core/errors/options.ts";

/** Wraps a version 3 model. */
export function fromV3(model: LanguageModelV3): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      return resultFromV3(await model.doGenerate(optionsToV3(options)));
    },
    async doStream(options) {
      const result = await model.doStream(optionsToV3(options));
      return { ...result, stream: result.stream.pipeThrough(mapStream(partFromV3)) };
    },
  };
}

/** Makes a stream that maps each part. */
export function mapStream<From, To>(map: (part: From) => To): TransformStream<From, To> {
  return new TransformStream({
    transform(part, controller) {
      controller.enqueue(map(part));
    },
  });
}

/** Gives version 3's call options; `reasoning` has no place there and is left to the model's own default. */
export function optionsToV3(options: LanguageModelV4CallOptions): LanguageModelV3CallOptions {
  const { reasoning: _, prompt, providerOptions, ...rest } = options;
  return {
    ...(rest as Omit<LanguageModelV3CallOptions, "prompt">),
    ...(providerOptions === undefined ? {} : { providerOptions: providerOptions as never }),
    prompt: prompt.map(messageToV3),
  };
}

function messageToV3(message: LanguageModelV4Message): LanguageModelV3Message {
  if (message.role === "system") return message as LanguageModelV3Message;
  const content: unknown[] = [];
  for (const part of message.content) {
    if (part.type === "file") content.push({ ...part, data: plainData(part.data) });
    else if (part.type === "tool-result") content.push({ ...part, output: outputToV3(part.output) });
    // Version 3 has no place for these two; they carry nothing an answer depends on.
    else if (part.type !== "custom" && part.type !== "reasoning-file") content.push(part);
  }
  return { ...message, content } as LanguageModelV3Message;
}

/** Unwraps a file: version 3 and 2 take bytes, base64 or a URL as they are. */
export function plainData(data: LanguageModelV4FilePart["data"]): Uint8Array | string | URL {
  if (data.type === "data") return data.data;
  if (data.type === "url") return data.url;
  if (data.type === "text") return new TextEncoder().encode(data.text);
  throw optionError("model of version 2 or 3", "prompt", "without file references; send the file's bytes", data);
}

function outputToV3(output: LanguageModelV4ToolResultOutput): LanguageModelV3ToolResultOutput {
  if (output.type !== "content") return output as LanguageModelV3ToolResultOutput;
  const value = output.value.map((item) => {
    if (item.type !== "file") return item;
    const data = plainData(item.data);
    if (data instanceof URL) return { type: "file-url", url: data.href };
    const base64 = typeof data === "string" ? data : Buffer.from(data).toString("base64");
    return { type: "file-data", data: base64, mediaType: item.mediaType };
  });
  return { type: "content", value } as LanguageModelV3ToolResultOutput;
}

function resultFromV3(result: LanguageModelV3GenerateResult): LanguageModelV4GenerateResult {
  return { ...result, content: result.content.map(contentFromV3) } as LanguageModelV4GenerateResult;
}

/** Wraps a file that a version 3 or 2 model made. */
export function contentFromV3(content: LanguageModelV3Content): LanguageModelV4Content {
  if (content.type !== "file") return content as LanguageModelV4Content;
  return { ...content, data: { type: "data", data: content.data } } as LanguageModelV4Content;
}

function partFromV3(part: LanguageModelV3StreamPart): LanguageModelV4StreamPart {
  return part.type === "file"
    ? (contentFromV3(part) as LanguageModelV4StreamPart)
    : (part as LanguageModelV4StreamPart);
}
