/** A model in memory that says what it is told, a character a token: the port's users are tried with it, step by step. */

import type { Turn } from "../../../src/models/llama/chat-turns.ts";
import type { LlamaEngine, Sampling } from "../../../src/models/llama/llama-engine.ts";

/** What one call saw. */
export interface EngineCall {
  readonly slot: number;
  readonly turns: readonly Turn[];
  readonly sampling: Sampling;
}

/** An engine under a test's control. */
export interface ScriptedEngine extends LlamaEngine {
  readonly calls: EngineCall[];
  /** Grammars in the order they were asked for. */
  readonly grammars: string[];
  /** Slots in use now. */
  readonly busy: ReadonlySet<number>;
  readonly disposals: () => number;
}

export interface ScriptedEngineOptions {
  /** What each call says, in order; the last is said again. */
  readonly says: readonly string[];
  readonly contextTokens?: number;
  readonly slots?: number;
  readonly stops?: readonly string[];
  readonly refusesGrammars?: boolean;
  /** Awaited before each token. */
  readonly pause?: (index: number) => Promise<void>;
}

export function scriptedEngine(options: ScriptedEngineOptions): ScriptedEngine {
  const { says, contextTokens = 1_000, slots = 1, stops = [], pause } = options;
  const calls: EngineCall[] = [];
  const grammars: string[] = [];
  const busy = new Set<number>();
  let turns: readonly Turn[] = [];
  let disposed = 0;
  return {
    calls,
    grammars,
    busy,
    contextTokens,
    slots,
    disposals: () => disposed,
    encode(given) {
      turns = given;
      return { tokens: [...given.map(({ text }) => text).join("")].map((one) => one.codePointAt(0)!), stops };
    },
    decode: (tokens) => String.fromCodePoint(...tokens),
    async compile(grammar) {
      if (options.refusesGrammars === true) throw new Error("refused");
      grammars.push(grammar);
      return { grammar };
    },
    async *generate(slot, _tokens, sampling) {
      if (busy.has(slot)) throw new Error(`slot ${slot} is in use`);
      busy.add(slot);
      const text = says[Math.min(calls.length, says.length - 1)]!;
      calls.push({ slot, turns, sampling });
      try {
        for (const [index, character] of [...text].entries()) {
          await pause?.(index);
          yield character.codePointAt(0)!;
        }
      } finally {
        busy.delete(slot);
      }
    },
    async dispose() {
      if (busy.size > 0) throw new Error("in use");
      disposed += 1;
    },
  };
}
