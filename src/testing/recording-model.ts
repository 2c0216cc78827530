/** Wraps a real model so that its exchanges can be kept as a file and replayed in tests without a network. */

import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { checkOptions, functionOption, objectOption, optionError } from "../core/errors/options.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { systemRuntime } from "../core/runtime/system-runtime.ts";
import { type AnyLanguageModel, adaptModel } from "../models/adapt-model.ts";
import { modelName } from "../models/model-name.ts";
import { ExchangeWriter, type ModelExchange } from "./model-exchange.ts";

/** Who is told about exchanges. */
export interface RecordModelOptions {
  /**
   * Is given each exchange when it has ended, before the caller has its end: plain JSON, one line of a file when
   * stringified. What it throws, the call throws.
   */
  readonly onExchange: (exchange: ModelExchange) => void | Promise<void>;
  /** Whose key variables' values are taken out. @default the system's */
  readonly runtime?: Runtime;
}

/**
 * Wraps a model of the AI SDK: it answers as before, and each exchange is told, failed ones too. Signal, headers, raw
 * bodies, the values of key variables, words in the shape of keys and credentials in vendors' options are left out. What
 * was aborted or not read to its end is not told: it is no answer.
 *
 * @throws option_invalid for anything that is no model, and wrong options.
 */
export function recordModel(model: AnyLanguageModel, options: RecordModelOptions): LanguageModelV4 {
  const inner = adaptModel(model);
  checkOptions("recordModel", options, { onExchange: functionOption, runtime: objectOption });
  const { onExchange, runtime = systemRuntime } = options;
  if (onExchange === undefined) throw optionError("recordModel", "onExchange", "a function", onExchange);
  const writer = new ExchangeWriter(modelName(inner), runtime);
  const { provider, modelId } = inner;
  const tell = (said: Omit<ModelExchange, "v" | "provider" | "modelId">) =>
    onExchange({ v: 1, provider, modelId, ...said });

  /** Asks, and tells a failure that is the model's own. */
  async function ask<T>(asked: LanguageModelV4CallOptions, send: () => PromiseLike<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (asked.abortSignal?.aborted !== true)
        await tell({ request: writer.request(asked), error: writer.error(error) });
      throw error;
    }
  }

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    supportedUrls: inner.supportedUrls,
    async doGenerate(asked) {
      const answer = await ask(asked, () => inner.doGenerate(asked));
      await tell({ request: writer.request(asked), answer: writer.answer(answer) });
      return answer;
    },
    async doStream(asked) {
      const result = await ask(asked, () => inner.doStream(asked));
      const stream = watched(result.stream, async (parts, failure) => {
        if (asked.abortSignal?.aborted === true) return;
        const request = writer.request(asked);
        const error = failure === undefined ? {} : { error: writer.error(failure.error) };
        await tell({ request, parts: writer.parts(parts), ...error });
      });
      return { ...result, stream };
    },
  };
}

type Parts = readonly LanguageModelV4StreamPart[];

/** Passes a stream on and tells its parts once it ends by itself. */
function watched(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  ended: (parts: Parts, failure: { readonly error: unknown } | undefined) => Promise<void>,
): ReadableStream<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  const parts: LanguageModelV4StreamPart[] = [];
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        const read = await reader.read().catch(async (error: unknown) => {
          await ended(parts, { error });
          throw error;
        });
        if (read.done) {
          await ended(parts, undefined);
          controller.close();
        } else {
          parts.push(read.value);
          controller.enqueue(read.value);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
