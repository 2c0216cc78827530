/** The few parts of node-llama-cpp that are used: it is never installed here, so that its own types are not at hand. */

/** A piece of a prompt that is no plain text, such as a mark of the template. */
export interface NativeTextPart {
  readonly type: string;
  readonly value: string;
}

/** A prompt before it is cut into tokens. */
export interface NativeText {
  readonly values: readonly (string | NativeTextPart)[];
  tokenize(tokenizer: unknown): number[];
}

/** A model's chat template. */
export interface NativeChatWrapper {
  generateContextState(options: { readonly chatHistory: readonly object[] }): {
    readonly contextText: NativeText;
    readonly stopGenerationTriggers: readonly NativeText[];
  };
}

/** One text that is read and written. */
export interface NativeSequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncGenerator<number, void, void>;
}

/** The memory of texts. */
export interface NativeContext {
  readonly contextSize: number;
  getSequence(): NativeSequence;
}

/** Weights in memory. */
export interface NativeModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  detokenize(tokens: readonly number[], specialTokens: boolean, lastTokens: readonly number[]): string;
  createContext(options: object): Promise<NativeContext>;
}

/** The running library. */
export interface NativeLlama {
  readonly cpuMathCores: number;
  loadModel(options: object): Promise<NativeModel>;
  createGrammar(options: { readonly grammar: string }): Promise<object>;
  dispose(): Promise<void>;
}

/** What the package exports. */
export interface NativeLibrary {
  readonly LlamaGrammarEvaluationState: new (options: { model: NativeModel; grammar: object }) => object;
  getLlama(options: object): Promise<NativeLlama>;
  resolveChatWrapper(model: NativeModel, options: object): NativeChatWrapper;
}
