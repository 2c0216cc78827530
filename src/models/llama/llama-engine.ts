/** The port between a local language model and the native library that runs it: tokens in, tokens out. */

import type { Turn } from "./chat-turns.ts";

/** A prompt as the model's own template writes it. */
export interface EncodedPrompt {
  readonly tokens: readonly number[];
  /** Texts that end a turn for this model; they are not part of the answer. */
  readonly stops: readonly string[];
}

/** A grammar the native library has read. */
export type CompiledGrammar = object;

/** How the next tokens are chosen. */
export interface Sampling {
  readonly grammar: CompiledGrammar | undefined;
  /** 0 takes the likeliest token each time. */
  readonly temperature: number;
  readonly topP: number | undefined;
  readonly topK: number | undefined;
  readonly seed: number;
  /** Forget what the slot has read before, so that the same request gives the same numbers. */
  readonly fresh: boolean;
  /** Looked at between pieces of a long prompt. */
  readonly signal: AbortSignal | undefined;
}

/** A model in memory. One slot reads and writes one text at a time. */
export interface LlamaEngine {
  /** Tokens one prompt and its answer may have together. */
  readonly contextTokens: number;
  /** Texts that can be worked on at once. */
  readonly slots: number;
  encode(turns: readonly Turn[]): EncodedPrompt;
  /** Gives the text of tokens that follow others; bytes of an unfinished character come out as U+FFFD. */
  decode(tokens: readonly number[], before: readonly number[]): string;
  /** Rejects when the library refuses the grammar. */
  compile(grammar: string): Promise<CompiledGrammar>;
  /** Gives tokens until the model ends its turn. The slot is free when the iterator has returned. */
  generate(slot: number, tokens: readonly number[], sampling: Sampling): AsyncGenerator<number, void, void>;
  /** Frees the memory. No slot may be in use. */
  dispose(): Promise<void>;
}

/** What decides how a model is loaded. */
export interface EngineSettings {
  readonly path: string;
  readonly contextTokens: number;
  readonly gpuLayers: number;
  readonly threads: number | undefined;
  readonly slots: number;
}
