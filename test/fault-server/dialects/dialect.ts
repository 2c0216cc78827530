/** What a vendor's protocol must be able to say, so that a fault is written once and strikes in all of them. */

import type { VendorRequest } from "../../models/vendor-server.ts";

/** One answer of a model, before it is put into a vendor's words. */
export type Said =
  | {
      readonly text: string;
      /** Why it stopped; `filter` is a refusal. @default "stop" */
      readonly finish?: "stop" | "length" | "filter";
    }
  | { readonly tool: string; readonly input: string };

/** What went wrong, before it is put into a vendor's words. */
export interface Problem {
  readonly status: number;
  /** A vendor's word, in its own spelling. */
  readonly code: string;
  readonly message: string;
}

/** One event of a stream. A string goes out as it is, all else as JSON. */
export interface Piece {
  readonly event?: string;
  readonly data: unknown;
  /** Frames, what the model says, why it stopped, and the mark after which nothing comes. */
  readonly part: "start" | "content" | "end" | "mark";
}

/** The words of a vendor that every problem needs. */
export interface ProblemWords {
  readonly overloaded: string;
  readonly invalid: string;
}

/** One vendor's protocol. */
export interface Dialect {
  /** As in the model string. */
  readonly vendor: string;
  readonly model: string;
  readonly words: ProblemWords;
  /** The environment variables that lead its client to this address with this key. */
  variables(url: string, key: string): Readonly<Record<string, string>>;
  /** The key as it came, undefined for a client that sends none. */
  keyOf(request: VendorRequest): string | undefined;
  readonly sendsKey: boolean;
  isStreaming(request: VendorRequest): boolean;
  /** Whether the request asks for an answer in the shape of a schema. */
  asksForSchema(request: VendorRequest): boolean;
  /** The answer in one piece. */
  whole(said: Said): Readonly<Record<string, unknown>>;
  /** The same answer as a stream. */
  pieces(said: Said): readonly Piece[];
  /** An answer at status 200 in which nothing is said. */
  readonly nothingWhole: unknown;
  readonly nothingPieces: readonly Piece[];
  /** The body of a refused request. */
  problemBody(problem: Problem): unknown;
  /** A problem that turns up inside of a stream. */
  problemPiece(problem: Problem): Piece;
  /** An event that may come at any time and says nothing, now or in a later version of the protocol. */
  readonly idlePiece: Piece;
}

/** The tokens that every dialect reports for every answer. */
export const reportedUsage = {
  inputTokens: 11,
  outputTokens: 7,
  cacheReadTokens: 4,
} as const;

/** Cuts a text after each word, so that pieces cut the JSON's tokens apart from one another. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*/g) ?? [];
}

/** Cuts a text in two, for the input of a tool. */
export function halvesOf(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== "");
}

/** A tool's input where a protocol carries it as data: what is no JSON goes as a string. */
export function inputAsData(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

/** How events are written down. */
export interface EncodeOptions {
  /** @default "\n" */
  readonly lineEnd?: "\n" | "\r\n" | "\r";
  /** What stands between field name and value. @default ": " */
  readonly separator?: ": " | ":";
  /** Breaks data after its commas, into further lines of the same event. @default false */
  readonly manyLines?: boolean;
}

/** Writes pieces as server-sent events. */
export function encode(pieces: readonly Piece[], options: EncodeOptions = {}): Buffer {
  const { lineEnd = "\n", separator = ": ", manyLines = false } = options;
  let text = "";
  for (const { event, data } of pieces) {
    if (event !== undefined) text += `event${separator}${event}${lineEnd}`;
    const line = typeof data === "string" ? data : JSON.stringify(data);
    const lines = manyLines && typeof data !== "string" ? JSON.stringify(data, null, 1).split("\n") : [line];
    text += lines.map((one) => `data${separator}${one}${lineEnd}`).join("") + lineEnd;
  }
  return Buffer.from(text);
}
