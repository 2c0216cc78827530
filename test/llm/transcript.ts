/** Shows what a real model was asked and said, word for word, beside what the framework made of it. */

import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { FlockEvent } from "flock-ts";

/** Where the tests find the weights. */
export const gguf = process.env.FLOCK_GGUF ?? "";

/** One call of the model, as far as a reader wants to see it. */
export interface Exchange {
  readonly asked: string;
  said: string;
  finish: string;
}

/** A model that keeps what was asked and said. */
export interface Recorded {
  readonly model: LanguageModelV4;
  readonly exchanges: Exchange[];
}

/** Listens in on a model without changing anything. */
export function recorded(inner: LanguageModelV4): Recorded {
  const exchanges: Exchange[] = [];
  const note = (options: LanguageModelV4CallOptions): Exchange => {
    const exchange = { asked: summary(options), said: "", finish: "none" };
    exchanges.push(exchange);
    return exchange;
  };
  const model: LanguageModelV4 = {
    specificationVersion: "v4",
    provider: inner.provider,
    modelId: inner.modelId,
    supportedUrls: {},
    async doGenerate(options) {
      const exchange = note(options);
      const result = await inner.doGenerate(options);
      for (const part of result.content) {
        if (part.type === "text") exchange.said += part.text;
        else if (part.type === "tool-call") exchange.said += `→ ${part.toolName}(${part.input})`;
      }
      exchange.finish = result.finishReason.unified;
      return result;
    },
    async doStream(options) {
      const exchange = note(options);
      const result = await inner.doStream(options);
      const watch = new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
        transform(part, controller) {
          if (part.type === "text-delta") exchange.said += part.delta;
          else if (part.type === "tool-call") exchange.said += `→ ${part.toolName}(${part.input})`;
          else if (part.type === "finish") exchange.finish = part.finishReason.unified;
          controller.enqueue(part);
        },
      });
      return { ...result, stream: result.stream.pipeThrough(watch) };
    },
  };
  return { model, exchanges };
}

/** Prints one job: each question, each answer, what was mended or asked again, and the result. */
export function printTranscript(
  job: string,
  exchanges: readonly Exchange[],
  events: readonly FlockEvent[],
  result: unknown,
): void {
  const lines = exchanges.flatMap(({ asked, said, finish }, index) => [
    `  ${index + 1}. ${asked.includes("Your answer ") ? "asked again" : "asked"}  ${short(asked, 160)}`,
    `     said   ${short(said, 300)}  [${finish}]${finish === "stop" && !isJson(said) ? "  (mended: no JSON as it stands)" : ""}`,
  ]);
  for (const event of events) {
    if (event.type === "recovery-applied") lines.push(`     recovered from ${event.code} by ${event.strategy}`);
    if (event.type === "warning") lines.push(`     warned  ${short(JSON.stringify(event), 200)}`);
  }
  console.log(`\n── ${job}\n${lines.join("\n")}\n  result ${short(JSON.stringify(result), 400)}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function summary({ prompt, tools = [] }: LanguageModelV4CallOptions): string {
  const last = prompt.at(-1);
  const content = typeof last?.content === "string" ? last.content : JSON.stringify(last?.content ?? "");
  return `${prompt.length} messages, ${tools.length} tools, last ${last?.role}: ${content}`;
}

function short(text: string, most: number): string {
  const line = text.replaceAll("\n", "⏎");
  return line.length <= most ? line : `${line.slice(0, most)}… (${line.length} characters)`;
}
