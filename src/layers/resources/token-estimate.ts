/** Guesses what a call of a model will take before it goes out, from what earlier calls of that model took. */

import type { Usage } from "../../core/events/event.ts";

/** Tokens of one call. */
export interface TokenGuess {
  readonly input: number;
  readonly output: number;
}

const firstRatio = { likely: 1 / 4, careful: 1 / 2 };
const firstOutput = { likely: 256, careful: 4_096 };
/** Beside the text there are words of the protocol. */
const overhead = 16;
/** A learnt mean follows so many calls; a learnt most forgets half of what is above the mean in three times as many. */
const remembered = 64;
/** How much more than the most that was seen is reserved. */
const margin = 1.25;

/**
 * Tokens by characters, learnt by model. Never negative, and never less for a longer text. `likely` is the mean: what rates
 * reckon with. `careful` is the most that was seen and a quarter: what money is reserved by.
 */
export class TokenEstimate {
  #calls = 0;
  #meanRatio = 0;
  #mostRatio = 0;
  #meanOutput = 0;
  #mostOutput = 0;

  /** Nothing was learnt yet. */
  get isNew(): boolean {
    return this.#calls === 0;
  }

  /** What a call takes on average. */
  likely(characters: number, maxOutputTokens: number | undefined): TokenGuess {
    const [ratio, output] = this.isNew ? [firstRatio.likely, firstOutput.likely] : [this.#meanRatio, this.#meanOutput];
    return guess(characters, ratio, output, maxOutputTokens);
  }

  /** What a call will hardly pass; with `maxOutputTokens` its output cannot. */
  careful(characters: number, maxOutputTokens: number | undefined): TokenGuess {
    const ratio = this.isNew ? firstRatio.careful : this.#mostRatio * margin;
    return guess(characters, ratio, maxOutputTokens ?? (this.isNew ? firstOutput.careful : this.#mostOutput * margin));
  }

  /** The most that was seen, without a margin; as good as nothing while nothing was. */
  least(characters: number): TokenGuess {
    return guess(characters, this.isNew ? firstRatio.likely : this.#mostRatio, this.isNew ? 1 : this.#mostOutput);
  }

  /** Learns from a call that ended. */
  learn(characters: number, { inputTokens, outputTokens }: Usage): void {
    this.#calls = Math.min(this.#calls + 1, remembered);
    const ratio = inputTokens / (characters + overhead);
    this.#meanRatio += (ratio - this.#meanRatio) / this.#calls;
    this.#meanOutput += (outputTokens - this.#meanOutput) / this.#calls;
    this.#mostRatio = faded(this.#mostRatio, this.#meanRatio, ratio);
    this.#mostOutput = faded(this.#mostOutput, this.#meanOutput, outputTokens);
  }
}

function guess(characters: number, ratio: number, output: number, maxOutputTokens = output): TokenGuess {
  return {
    input: Math.ceil((characters + overhead) * ratio),
    output: Math.ceil(Math.min(output, maxOutputTokens)),
  };
}

function faded(most: number, mean: number, seen: number): number {
  return Math.max(seen, most - Math.max(0, most - mean) / (4 * remembered));
}

/** Something that is no text, such as an image, counts as so many characters. */
const charactersOfFile = 4_000;
const deepest = 64;
const constantParts = new WeakMap<object, number>();

/** Counts the characters of a request to a model: its messages, the tools it may call, the shape it is to answer in. */
export function charactersOf(request: unknown): number {
  if (typeof request !== "object" || request === null) return 0;
  const { prompt, tools, responseFormat } = request as Readonly<Record<string, unknown>>;
  return textIn(prompt, 0) + constantIn(tools) + constantIn(responseFormat);
}

/** Tells the most output tokens a request allows, where it says so. */
export function maxOutputOf(request: unknown): number | undefined {
  const most = (request as { readonly maxOutputTokens?: unknown } | null | undefined)?.maxOutputTokens;
  return Number.isSafeInteger(most) && (most as number) > 0 ? (most as number) : undefined;
}

/** Tools and schemas are the same objects from call to call. */
function constantIn(part: unknown): number {
  if (typeof part !== "object" || part === null) return 0;
  let known = constantParts.get(part);
  if (known === undefined) {
    known = textIn(part, 0);
    constantParts.set(part, known);
  }
  return known;
}

function textIn(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value === "number" || typeof value === "boolean") return 8;
  if (typeof value !== "object" || value === null || depth > deepest) return 0;
  if (ArrayBuffer.isView(value) || (value as { readonly type?: unknown }).type === "file") return charactersOfFile;
  let sum = 0;
  if (Array.isArray(value)) for (const item of value) sum += textIn(item, depth + 1);
  else for (const key in value) sum += textIn((value as Readonly<Record<string, unknown>>)[key], depth + 1);
  return sum;
}
