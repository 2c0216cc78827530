import { describe, expect, it } from "vitest";
import type { EngineSettings, Sampling } from "../../../src/models/llama/llama-engine.ts";
import { createEngine, loadEngine } from "../../../src/models/llama/load-engine.ts";
import type { NativeLibrary, NativeText } from "../../../src/models/llama/native-library.ts";

const settings: EngineSettings = { path: "a.gguf", contextTokens: 1_000, gpuLayers: 0, threads: undefined, slots: 2 };
const sampling: Sampling = {
  grammar: undefined,
  temperature: 0,
  topP: undefined,
  topK: undefined,
  seed: 1,
  fresh: false,
  signal: undefined,
};

/** What a real library does is tried by `npm run test:llm`; this one shows what it is asked, and fails on demand. */
function library(faults: { readonly load?: Error; readonly template?: Error } = {}) {
  const asked: unknown[] = [];
  const text = (...values: NativeText["values"]): NativeText => ({ values, tokenize: () => values.map((_, at) => at) });
  const sequence = (id: number) => {
    const self = {
      nextTokenIndex: 0,
      async clearHistory() {
        asked.push(["clear", id]);
        self.nextTokenIndex = 0;
      },
      async adaptStateToTokens(tokens: readonly number[], shift: boolean) {
        asked.push(["adapt", id, tokens.length, shift]);
      },
      async evaluateWithoutGeneratingNewTokens(tokens: readonly number[]) {
        asked.push(["read", id, tokens.length]);
        self.nextTokenIndex += tokens.length;
      },
      async *evaluate(tokens: readonly number[], options: object) {
        asked.push(["write", id, tokens.length, options]);
        yield 42;
      },
    };
    return self;
  };
  const native: NativeLibrary = {
    LlamaGrammarEvaluationState: class {
      readonly made: object;
      constructor(options: object) {
        this.made = options;
      }
    },
    async getLlama(options) {
      asked.push(["llama", options]);
      return {
        cpuMathCores: 8,
        async loadModel(what) {
          asked.push(["model", what]);
          if (faults.load !== undefined) throw faults.load;
          return {
            trainContextSize: 512,
            tokenizer: {},
            detokenize: (tokens, special, before) => `${tokens}|${special}|${before}`,
            async createContext(how) {
              asked.push(["context", how]);
              let sequences = 0;
              return { contextSize: 512, getSequence: () => sequence(sequences++) };
            },
          };
        },
        createGrammar: async (options) => options,
        async dispose() {
          asked.push(["dispose"]);
        },
      };
    },
    resolveChatWrapper(_model, options) {
      asked.push(["template", options]);
      if (faults.template !== undefined && !("noJinja" in options)) throw faults.template;
      return {
        generateContextState: ({ chatHistory }) => ({
          contextText: text(...chatHistory.map((one) => JSON.stringify(one))),
          stopGenerationTriggers: [
            text({ type: "specialToken", value: "EOS" }),
            text({ type: "specialTokensText", value: "<|end|>" }),
            text("### Human"),
            text("a", { type: "specialToken", value: "BOS" }),
            text(),
          ],
        }),
      };
    },
  };
  return { native, asked };
}

const allOf = async (tokens: AsyncGenerator<number>) => {
  const all: number[] = [];
  for await (const token of tokens) all.push(token);
  return all;
};

describe("loading a model", () => {
  it("asks for the prebuilt binary alone, and for silence", async () => {
    const { native, asked } = library();
    const engine = await createEngine(native, settings);
    expect(asked.slice(0, 3)).toEqual([
      [
        "llama",
        expect.objectContaining({
          gpu: false,
          build: "never",
          skipDownload: true,
          logLevel: "disabled",
          progressLogs: false,
        }),
      ],
      ["model", { modelPath: "a.gguf", gpuLayers: 0 }],
      ["context", { contextSize: 512, sequences: 2, threads: 7 }],
    ]);
    (asked[0] as [string, { logger: () => unknown }])[1].logger();
    expect(engine).toMatchObject({ contextTokens: 512, slots: 2 });
    await engine.dispose();
    expect(asked.at(-1)).toEqual(["dispose"]);
  });

  it("takes a graphics card and threads when told to", async () => {
    const { native, asked } = library();
    await createEngine(native, { ...settings, gpuLayers: 12, threads: 3, contextTokens: 300 });
    expect(asked[0]).toEqual(["llama", expect.objectContaining({ gpu: "auto" })]);
    expect(asked[1]).toEqual(["model", { modelPath: "a.gguf", gpuLayers: 12 }]);
    expect(asked[2]).toEqual(["context", { contextSize: 300, sequences: 2, threads: 3 }]);
  });

  it("gives back what was taken when it fails", async () => {
    const { native, asked } = library({ load: new Error("broken") });
    await expect(createEngine(native, settings)).rejects.toThrow("broken");
    expect(asked.at(-1)).toEqual(["dispose"]);
  });

  it("takes the nearest known template when the model's own cannot be run", async () => {
    const { native, asked } = library({ template: new Error("jinja") });
    await createEngine(native, settings);
    expect(asked.filter((one) => (one as unknown[])[0] === "template")).toEqual([
      ["template", { warningLogs: false, fallbackToOtherWrappersOnJinjaError: false }],
      ["template", { warningLogs: false, noJinja: true }],
    ]);
  });

  // The library is no part of this repository's own install.
  it("says that the library is not there", async () => {
    await expect(loadEngine(settings)).rejects.toThrow(/node-llama-cpp/);
  });
});

describe("a loaded model", () => {
  it("gives prompts an open turn for the answer, and the texts that end it", async () => {
    const engine = await createEngine(library().native, settings);
    const { tokens, stops } = engine.encode([
      { role: "user", text: "Hi" },
      { role: "assistant", text: "Ho" },
    ]);
    expect(tokens).toHaveLength(3);
    expect(stops).toEqual(["<|end|>", "### Human"]);
    expect(engine.decode([1, 2], [3])).toBe("1,2|true|3");
  });

  it("reads a prompt in pieces and goes on from what it read before, unless it must forget", async () => {
    const { native, asked } = library();
    const engine = await createEngine(native, settings);
    asked.length = 0;
    const tokens = Array.from({ length: 600 }, (_, at) => at);
    expect(await allOf(engine.generate(1, tokens, sampling))).toEqual([42]);
    const told = { temperature: 0, seed: 1 };
    expect(asked.splice(0)).toEqual([
      ["adapt", 1, 599, false],
      ["read", 1, 256],
      ["read", 1, 256],
      ["write", 1, 88, told],
    ]);
    const grammar = await engine.compile("root ::= x");
    await allOf(engine.generate(0, [1, 2], { ...sampling, fresh: true, grammar, topP: 0.5, topK: 3 }));
    expect(asked).toEqual([
      ["clear", 0],
      [
        "write",
        0,
        2,
        { ...told, topP: 0.5, topK: 3, grammarEvaluationState: { made: expect.objectContaining({ grammar }) } },
      ],
    ]);
  });

  it("stops between two pieces of a prompt, and before it writes, when the signal has aborted", async () => {
    const { native, asked } = library();
    const engine = await createEngine(native, settings);
    asked.length = 0;
    const signal = AbortSignal.abort();
    const tokens = Array.from({ length: 600 }, (_, at) => at);
    expect(await allOf(engine.generate(0, tokens, { ...sampling, signal }))).toEqual([]);
    expect(await allOf(engine.generate(1, [1], { ...sampling, signal }))).toEqual([]);
    expect(asked).toEqual([
      ["adapt", 0, 599, false],
      ["adapt", 1, 0, false],
    ]);
  });
});
