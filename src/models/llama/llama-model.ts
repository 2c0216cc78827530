/** A language model that runs in this process, from a GGUF file. */

import { basename } from "node:path";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { FlockError } from "../../core/errors/errors.ts";
import { checkOptions, nonEmptyString, objectOption, optionError, wholeNumber } from "../../core/errors/options.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { llamaScheme } from "../model-name.ts";
import { isInstalled, isNotFound, packageMissing } from "../model-package.ts";
import { findGguf } from "./gguf-file.ts";
import type { EngineSettings, LlamaEngine } from "./llama-engine.ts";
import { SharedEngine } from "./shared-engine.ts";
import { writeAnswer } from "./write-answer.ts";

/** What may be said of a local model. */
export interface LlamaModelOptions {
  /** The GGUF file; a relative path counts from the working directory. */
  readonly path: string;
  /** Tokens of one prompt with its answer; at most what the model was trained for. Memory grows with it. @default 4096 */
  readonly contextTokens?: number | undefined;
  /** Layers that a graphics card computes; needs the whole of node-llama-cpp with its CUDA, Metal or Vulkan build. @default 0 */
  readonly gpuLayers?: number | undefined;
  /** Threads of one step. @default one less than the cores good for it, at least 1 */
  readonly threads?: number | undefined;
  /** Calls worked on at once; more wait in line. Each takes memory for a whole context, and shares the same cores. @default 1 */
  readonly parallelCalls?: number | undefined;
  /** The weights are freed after so long without a call, in milliseconds; the next call loads them again. @default 300000 */
  readonly idleMs?: number | undefined;
  /** Clock, timers, ids and random seeds. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** A local model. Disposing frees its memory once the calls in hand have ended; a later call loads it again. */
export interface LlamaModel extends LanguageModelV4, AsyncDisposable {}

/**
 * Makes a model of a GGUF file, run in this process by node-llama-cpp, which must be installed beside this package. Its
 * prebuilt binary is used: nothing is compiled, downloaded or printed. Weights are loaded at the first call and shared by
 * all models of the same file, settings and runtime. The model's own chat template is used.
 *
 * JSON answers are held to their schema by a grammar; where none can say it, the answer carries the warning `unsupported
 * responseFormat`. Tools are called one at a time, in the form `<tool_call>{"name":…,"arguments":…}</tool_call>`.
 * Temperature is 0 unless set. With a `seed` and one call at a time, the same request gives the same bytes on the same
 * machine. Penalties, reasoning settings and files give warnings.
 *
 * @throws option_invalid; model_unknown when the file is not there or no GGUF file; model_package_missing.
 */
export function llamaModel(options: LlamaModelOptions): LlamaModel {
  checkOptions("llamaModel", options, {
    path: nonEmptyString,
    contextTokens: wholeNumber(256),
    gpuLayers: wholeNumber(0),
    threads: wholeNumber(1),
    parallelCalls: wholeNumber(1),
    idleMs: wholeNumber(0),
    runtime: objectOption,
  });
  if (options.path === undefined) throw optionError("llamaModel", "path", "the path of a GGUF file", undefined);
  const { path, name } = findGguf(options.path);
  if (!isInstalled("node-llama-cpp")) throw packageMissing(llamaScheme + options.path, "node-llama-cpp");
  const settings: EngineSettings = {
    path,
    contextTokens: options.contextTokens ?? 4_096,
    gpuLayers: options.gpuLayers ?? 0,
    threads: options.threads,
    slots: options.parallelCalls ?? 1,
  };
  const runtime = options.runtime ?? systemRuntime;
  const engine = sharedEngine(settings, options.idleMs ?? 300_000, runtime);
  return modelOf(engine, name, runtime);
}

/** Makes the model of an engine; apart from {@link llamaModel} so that it can be tried without the library. */
export function modelOf(engine: SharedEngine, modelId: string, runtime: Runtime): LlamaModel {
  const parts = (options: LanguageModelV4CallOptions) =>
    engine.use(options.abortSignal, (lease) => writeAnswer(options, { lease, modelId, runtime }));
  return {
    specificationVersion: "v4",
    provider: "llama",
    modelId,
    supportedUrls: {},
    doGenerate: (options) => collect(parts(options)),
    async doStream(options) {
      return { stream: streamOf(parts(options)) };
    },
    [Symbol.asyncDispose]: () => engine.unload(),
  };
}

function sharedEngine(settings: EngineSettings, idleMs: number, runtime: Runtime): SharedEngine {
  const known = runtime.shared("models:llama", () => new Map<string, SharedEngine>());
  const key = JSON.stringify([settings, idleMs]);
  let engine = known.get(key);
  if (engine === undefined) {
    const load = () => loadModel(settings);
    engine = new SharedEngine({ load, slots: settings.slots, idleMs, runtime });
    known.set(key, engine);
  }
  return engine;
}

async function loadModel(settings: EngineSettings): Promise<LlamaEngine> {
  const { loadEngine } = await import("./load-engine.ts");
  return loadEngine(settings).catch((error: unknown) => {
    throw loadError(error, settings.path);
  });
}

/** Makes the error of a model that could not be loaded; loading it again would not go better. */
export function loadError(error: unknown, path: string): FlockError {
  const name = basename(path);
  if (isNotFound(error)) return packageMissing(`llama/${name}`, "node-llama-cpp", error);
  const said = error instanceof Error ? error.message.replaceAll(path, name) : "";
  const reason = said === "" ? "the library gave no reason" : said.slice(0, 300);
  return new FlockError(
    "model_failed",
    `the model llama/${name} could not be loaded: ${reason}; check that node-llama-cpp has a binary for this machine, that the file is whole, and that its memory suffices`,
    { details: { model: `llama/${name}`, retryable: false, progress: "not-sent" }, cause: error },
  );
}

async function collect(
  parts: AsyncGenerator<LanguageModelV4StreamPart, void, void>,
): Promise<LanguageModelV4GenerateResult> {
  const result: Partial<LanguageModelV4GenerateResult> & Pick<LanguageModelV4GenerateResult, "content" | "warnings"> = {
    content: [],
    warnings: [],
  };
  let text = "";
  for await (const part of parts) {
    if (part.type === "text-delta") text += part.delta;
    else if (part.type === "text-end") result.content.push({ type: "text", text });
    else if (part.type === "tool-call") result.content.push(part);
    else if (part.type === "stream-start") result.warnings = part.warnings;
    else if (part.type === "response-metadata") result.response = { modelId: part.modelId! };
    else if (part.type === "finish") Object.assign(result, { usage: part.usage, finishReason: part.finishReason });
  }
  return result as LanguageModelV4GenerateResult;
}

function streamOf(
  parts: AsyncGenerator<LanguageModelV4StreamPart, void, void>,
): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        const next = await parts.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
