/** Tells whether an answer took up what tools gave, by what stands in both and was not asked. */

import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { OutputUse } from "../core/events/event.ts";

/** Characters that are looked at of one text, and pieces that are kept of one output. */
const longestText = 16_384;
const mostPieces = 256;
const deepest = 64;
/** A word or number in common may be chance, two are not; a number of two digits or more counts as two. */
const enough = 2;
const piece = /\d[\d.,:/-]*\d|\p{L}{5,}/gu;
/** The same for plain texts, at a third of the time. */
const plainPiece = /\d[\d.,:/-]*\d|[a-z]{5,}/g;
const plain = /^[\0-\x7f]*$/;
/** Scripts that put no space between words are compared by three letters in a row. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]{3,}/gu;

/**
 * Counts for each tool how many outputs were used: two words of five letters, or one number of two digits, that stand in the
 * output and again in the answer or in the input of a later tool call, but not in what was said before the tool gave them.
 * An output without two such pieces is in none of the figures, nor is an error. It is a sign, not a proof: an answer may
 * say the same by itself, and use what it puts in other words.
 */
export function outputUseOf(messages: LanguageModelV4Prompt, answer: string): readonly OutputUse[] {
  const fresh = freshOutputs(messages);
  const uses = new Map<string, { used: number; of: number }>();
  const later = piecesOf(answer);
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]!;
    if (message.role === "assistant") for (const text of saidIn(message)) addPieces(later, text);
    for (const { tool, pieces } of fresh.get(message) ?? []) {
      const use = uses.get(tool) ?? { used: 0, of: 0 };
      uses.set(tool, use);
      use.of += 1;
      if (weightOf(pieces.filter((one) => later.has(one))) >= enough) use.used += 1;
    }
  }
  return Object.freeze([...uses].map(([tool, use]) => Object.freeze({ tool, ...use })));
}

interface FreshOutput {
  readonly tool: string;
  readonly pieces: readonly string[];
}

/** Gives, by the message they came in, the outputs that say something that was not said before. */
function freshOutputs(messages: LanguageModelV4Prompt): ReadonlyMap<LanguageModelV4Message, readonly FreshOutput[]> {
  const asked = new Set<string>();
  const found = new Map<LanguageModelV4Message, readonly FreshOutput[]>();
  for (const message of messages) {
    if (message.role === "system") addPieces(asked, message.content);
    else if (message.role === "assistant") for (const text of saidIn(message)) addPieces(asked, text);
    else if (message.role === "user") {
      for (const part of message.content) if (part.type === "text") addPieces(asked, part.text);
    } else {
      const outputs = message.content.flatMap((part): FreshOutput[] => {
        if (part.type !== "tool-result" || (part.output.type !== "json" && part.output.type !== "text")) return [];
        const pieces = [...piecesOf(textOf(part.output.value))].filter((one) => !asked.has(one));
        return weightOf(pieces) < enough ? [] : [{ tool: part.toolName, pieces }];
      });
      found.set(message, outputs);
    }
  }
  return found;
}

function saidIn({ content }: Extract<LanguageModelV4Message, { role: "assistant" }>): readonly string[] {
  return content.flatMap((part) =>
    part.type === "text" ? part.text : part.type === "tool-call" ? textOf(part.input) : [],
  );
}

/** Gives the texts and numbers in a value, as far as they are looked at. A tool may still change it, even to what is no JSON. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    const found: string[] = [];
    gather(value, found, { left: longestText, depth: deepest });
    return found.join(" ");
  } catch {
    return "";
  }
}

function gather(value: unknown, found: string[], room: { left: number; depth: number }): void {
  room.left -= 1;
  if (room.left <= 0 || room.depth === 0) return;
  if (typeof value === "string" || typeof value === "number") {
    const text = `${value}`.slice(0, room.left);
    room.left -= text.length;
    found.push(text);
  } else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    room.depth -= 1;
    for (const part of Array.isArray(value) ? value : Object.values(value)) {
      if (room.left <= 0) break;
      gather(part, found, room);
    }
    room.depth += 1;
  }
}

function piecesOf(text: string): Set<string> {
  const pieces = new Set<string>();
  addPieces(pieces, text);
  return pieces;
}

function addPieces(pieces: Set<string>, text: string): void {
  const looked = text.slice(0, longestText).toLowerCase();
  const end = pieces.size + mostPieces;
  if (plain.test(looked)) return addFound(pieces, looked, plainPiece, end);
  for (const [run] of looked.matchAll(unspaced)) {
    for (let at = 0; at + 3 <= run.length && pieces.size < end; at++) pieces.add(run.slice(at, at + 3));
  }
  addFound(pieces, looked, piece, end);
}

function addFound(pieces: Set<string>, text: string, pattern: RegExp, end: number): void {
  for (const one of text.match(pattern) ?? []) {
    if (pieces.size >= end) return;
    pieces.add(one);
  }
}

function weightOf(pieces: readonly string[]): number {
  return pieces.reduce((sum, one) => sum + (/^\d/.test(one) ? enough : 1), 0);
}

const allOf = 32;
const oneOf = 64;
const counts = new WeakMap<object, number>();

/** Tells whether to look at this call of an agent: at the first 32, then at one of 64, so that it costs next to nothing. */
export function isLookedAt(agent: object): boolean {
  const count = counts.get(agent) ?? 0;
  counts.set(agent, count + 1);
  return count < allOf || count % oneOf === 0;
}
