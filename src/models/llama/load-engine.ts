/** Loads a GGUF file with node-llama-cpp: its prebuilt binary alone, nothing compiled, downloaded or printed. */

import type { Turn } from "./chat-turns.ts";
import type { EncodedPrompt, EngineSettings, LlamaEngine, Sampling } from "./llama-engine.ts";
import type { NativeChatWrapper, NativeContext, NativeLibrary, NativeModel, NativeSequence } from "./native-library.ts";

/** An abort is noticed between pieces of a prompt this long. */
const promptPiece = 256;

/** Loads a model; rejects with whatever the library says, with `ERR_MODULE_NOT_FOUND` when it is not installed. */
export async function loadEngine(settings: EngineSettings): Promise<LlamaEngine> {
  return createEngine(await import("node-llama-cpp"), settings);
}

/** Loads a model with a library; what was taken is given back when that fails. */
export async function createEngine(library: NativeLibrary, settings: EngineSettings): Promise<LlamaEngine> {
  const llama = await library.getLlama({
    gpu: settings.gpuLayers > 0 ? "auto" : false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: "disabled",
    logger() {},
    debug: false,
  });
  try {
    const model = await llama.loadModel({ modelPath: settings.path, gpuLayers: settings.gpuLayers });
    const context = await model.createContext({
      contextSize: Math.min(settings.contextTokens, model.trainContextSize),
      sequences: settings.slots,
      // Threads wait for each other by spinning: one core too many and every token takes seconds.
      threads: settings.threads ?? Math.max(1, llama.cpuMathCores - 1),
    });
    const sequences = Array.from({ length: settings.slots }, () => context.getSequence());
    return {
      ...encoding(library, model, context),
      slots: settings.slots,
      compile: (grammar) => llama.createGrammar({ grammar }),
      generate: (slot, tokens, sampling) => generate(library, model, sequences[slot]!, tokens, sampling),
      dispose: () => llama.dispose(),
    };
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

function encoding(
  library: NativeLibrary,
  model: NativeModel,
  context: NativeContext,
): Pick<LlamaEngine, "contextTokens" | "encode" | "decode"> {
  const wrapper = chatWrapper(library, model);
  return {
    contextTokens: context.contextSize,
    encode: (turns) => encode(wrapper, model, turns),
    decode: (tokens, before) => model.detokenize(tokens, true, before),
  };
}

/** A template the library cannot run is replaced by the nearest one it knows, without a word on the console. */
function chatWrapper(library: NativeLibrary, model: NativeModel): NativeChatWrapper {
  try {
    return library.resolveChatWrapper(model, { warningLogs: false, fallbackToOtherWrappersOnJinjaError: false });
  } catch {
    return library.resolveChatWrapper(model, { warningLogs: false, noJinja: true });
  }
}

/** Marks of the template that stand inside a text are read as the characters they are, never as marks. */
function encode(wrapper: NativeChatWrapper, model: NativeModel, turns: readonly Turn[]): EncodedPrompt {
  const chatHistory = turns.map(({ role, text }) =>
    role === "assistant" ? { type: "model", response: [text] } : { type: role, text },
  );
  const state = wrapper.generateContextState({ chatHistory: [...chatHistory, { type: "model", response: [] }] });
  const stops = state.stopGenerationTriggers.flatMap(({ values: [first, ...more] }) => {
    const text = typeof first === "string" ? first : first?.type === "specialTokensText" ? first.value : undefined;
    return text === undefined || more.length > 0 ? [] : [text];
  });
  return { tokens: state.contextText.tokenize(model.tokenizer), stops };
}

async function* generate(
  library: NativeLibrary,
  model: NativeModel,
  sequence: NativeSequence,
  tokens: readonly number[],
  sampling: Sampling,
): AsyncGenerator<number, void, void> {
  const { grammar, signal, temperature, topP, topK, seed } = sampling;
  if (sampling.fresh) await sequence.clearHistory();
  // At least one token is left to read, since reading it gives the first new one.
  else await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  while (tokens.length - sequence.nextTokenIndex > promptPiece) {
    if (signal?.aborted) return;
    const start = sequence.nextTokenIndex;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(start, start + promptPiece));
  }
  if (signal?.aborted) return;
  yield* sequence.evaluate(tokens.slice(sequence.nextTokenIndex), {
    temperature,
    seed,
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(grammar === undefined
      ? {}
      : { grammarEvaluationState: new library.LlamaGrammarEvaluationState({ model, grammar }) }),
  });
}
