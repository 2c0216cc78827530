/** Streams a model's answer to whoever listens, and gives the same whole answer that asking without a stream gives. */

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Reasoning,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Text,
} from "@ai-sdk/provider";
import { type FailureProgress, FlockError } from "../core/errors/errors.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import { modelName } from "./model-name.ts";
import { StreamBounds } from "./stream-bounds.ts";
import { noteProgress } from "./vendor/progress-notes.ts";

type Finish = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

/**
 * Asks a model to stream, sends its pieces as deltas and puts the answer together. The stream is cancelled and its reader
 * let go however it ends.
 *
 * @throws model_failed when it ends without a finish part, or with one the client made up (retryable), or grows past a
 * bound of stream-bounds.ts; the error inside an error part as it came.
 */
export async function collectStream(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  context: Pick<ExecutionContext, "delta" | "signal">,
): Promise<LanguageModelV4GenerateResult> {
  const { signal } = context;
  const result = await model.doStream(options);
  const reader = result.stream.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(ignore);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const answer = new AnswerBuilder(modelName(model), context);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) answer.take(read.value);
    signal.throwIfAborted();
    return answer.finish(result);
  } catch (error) {
    stop();
    noteProgress(error, answer.progress);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

function ignore(): void {}

class AnswerBuilder {
  readonly #model: string;
  readonly #context: Pick<ExecutionContext, "delta">;
  readonly #content: LanguageModelV4Content[] = [];
  readonly #texts = new Map<string, LanguageModelV4Text>();
  readonly #reasonings = new Map<string, LanguageModelV4Reasoning>();
  readonly #tools = new Map<string, string>();
  #warnings: LanguageModelV4GenerateResult["warnings"] = [];
  #response: LanguageModelV4GenerateResult["response"];
  #finish: Finish | undefined;
  readonly #bounds: StreamBounds;

  constructor(model: string, context: Pick<ExecutionContext, "delta">) {
    this.#model = model;
    this.#context = context;
    this.#bounds = new StreamBounds(model);
  }

  /** How far the request has come. */
  get progress(): FailureProgress {
    const begun = this.#content.length > 0 || this.#response !== undefined || this.#tools.size > 0;
    return begun ? "answering" : "sent";
  }

  take(part: LanguageModelV4StreamPart): void {
    this.#bounds.addPart();
    switch (part.type) {
      case "text-start":
      case "text-delta":
      case "text-end":
        return this.#takeText(part);
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        return this.#takeReasoning(part);
      case "tool-input-start":
        this.#bounds.addBlock();
        this.#tools.set(part.id, part.toolName);
        return;
      case "tool-input-delta":
        this.#bounds.addText(part.delta);
        if (part.delta === "") return;
        return this.#context.delta({
          kind: "tool-input",
          toolCallId: part.id,
          tool: this.#tools.get(part.id) ?? "",
          text: part.delta,
        });
      case "tool-result":
        if (part.preliminary !== true) this.#keep(part);
        return;
      case "tool-call":
      case "tool-approval-request":
      case "file":
      case "reasoning-file":
      case "source":
      case "custom":
        return this.#keep(part);
      default:
        this.#takeFrame(part);
    }
  }

  /** Adds a block to the answer. */
  #keep(part: LanguageModelV4Content): void {
    this.#bounds.addBlock();
    this.#bounds.addContent(part);
    this.#content.push(part);
  }

  #takeFrame(part: LanguageModelV4StreamPart): void {
    // A note needs an object to be on.
    if (part.type === "error") throw typeof part.error === "string" ? { message: part.error } : part.error;
    if (part.type !== "raw") this.#bounds.addContent(part);
    if (part.type === "stream-start") this.#warnings = part.warnings;
    else if (part.type === "response-metadata") {
      const { type: _, ...metadata } = part;
      this.#response = { ...this.#response, ...metadata };
    } else if (part.type === "finish") this.#finish = part;
  }

  #takeText(part: Extract<LanguageModelV4StreamPart, { type: "text-start" | "text-delta" | "text-end" }>): void {
    let block = this.#texts.get(part.id);
    if (block === undefined) {
      block = { type: "text", text: "" };
      this.#texts.set(part.id, block);
      this.#keep(block);
    }
    this.#annotate(block, part.providerMetadata);
    if (part.type === "text-delta" && part.delta !== "") {
      this.#bounds.addText(part.delta);
      block.text += part.delta;
      this.#context.delta({ kind: "text", text: part.delta });
    } else if (part.type === "text-end") {
      if (part.citations !== undefined) block.citations = part.citations;
      this.#texts.delete(part.id);
    }
  }

  #annotate(
    block: LanguageModelV4Text | LanguageModelV4Reasoning,
    metadata: LanguageModelV4Text["providerMetadata"],
  ): void {
    if (metadata === undefined) return;
    this.#bounds.addContent(metadata);
    block.providerMetadata = metadata;
  }

  #takeReasoning(
    part: Extract<LanguageModelV4StreamPart, { type: "reasoning-start" | "reasoning-delta" | "reasoning-end" }>,
  ): void {
    let block = this.#reasonings.get(part.id);
    if (block === undefined) {
      block = { type: "reasoning", text: "" };
      this.#reasonings.set(part.id, block);
      this.#keep(block);
    }
    this.#annotate(block, part.providerMetadata);
    if (part.type === "reasoning-delta" && part.delta !== "") {
      this.#bounds.addText(part.delta);
      block.text += part.delta;
      this.#context.delta({ kind: "reasoning", text: part.delta });
    } else if (part.type === "reasoning-end") this.#reasonings.delete(part.id);
  }

  finish(result: LanguageModelV4StreamResult): LanguageModelV4GenerateResult {
    const finish = this.#finish;
    // Clients that miss a stream's end finish it themselves, and call that "interrupted".
    if (finish === undefined || finish.finishReason.unified === "interrupted") {
      throw new FlockError(
        "model_failed",
        `${this.#model} ended its stream before the answer was finished; try again`,
        {
          details: { model: this.#model, retryable: true, vendorCode: "stream_cut", progress: this.progress },
        },
      );
    }
    const headers = result.response?.headers;
    const response = headers === undefined ? this.#response : { ...this.#response, headers };
    return {
      content: this.#content,
      finishReason: finish.finishReason,
      usage: finish.usage,
      ...(finish.providerMetadata === undefined ? {} : { providerMetadata: finish.providerMetadata }),
      ...(result.request === undefined ? {} : { request: result.request }),
      ...(response === undefined ? {} : { response }),
      warnings: this.#warnings,
    };
  }
}
