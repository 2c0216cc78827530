/** Cuts a text into passages a search can find and a model can read: whole sentences where possible, with some overlap. */

import type { Mark } from "./extracted-text.ts";

/** How long passages are. */
export interface ChunkSize {
  /** Most UTF-16 units in a chunk. */
  readonly chunkCharacters: number;
  /** Most units a chunk repeats of the one before; less than half of `chunkCharacters`. */
  readonly overlapCharacters: number;
}

/** A passage: `text.slice(start, end)`. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/**
 * Gives chunks in order, together covering every character. A chunk ends before a mark that asks for it (once it is a quarter full),
 * else after a paragraph, a sentence, a line or a word in its second half, else where it is full, never inside a
 * surrogate pair. It begins with the last sentences of the one before, unless that one ended at a mark.
 */
export function* cutChunks(text: string, marks: readonly Mark[], size: ChunkSize): Generator<Chunk> {
  const { chunkCharacters, overlapCharacters } = size;
  const cuts = marks.filter((mark) => mark.cut).map((mark) => mark.offset);
  let nextCut = 0;
  let start = 0;
  while (start < text.length) {
    const full = start + chunkCharacters;
    while (nextCut < cuts.length && cuts[nextCut]! < start + chunkCharacters / 4) nextCut++;
    const cut = cuts[nextCut];
    if (cut !== undefined && cut <= full) {
      yield { start, end: cut };
      start = cut;
    } else if (full >= text.length) {
      yield { start, end: text.length };
      return;
    } else {
      const end = lastBoundary(text, start + Math.ceil(chunkCharacters / 2), full);
      yield { start, end };
      start = Math.max(start + 1, firstBoundary(text, end - overlapCharacters, end));
    }
  }
}

/** Finds the best place to end a chunk in `from < place <= to`; `to` is inside the text. */
function lastBoundary(text: string, from: number, to: number): number {
  let sentence: number | undefined;
  let line: number | undefined;
  let word: number | undefined;
  for (let place = to; place > from; place--) {
    if (!startsWord(text, place)) continue;
    word ??= place;
    const gap = gapBefore(text, place, from);
    if (gap.lines > 1) return place;
    if (gap.lines === 1) line ??= place;
    if (endsSentence(text, gap.start)) sentence ??= place;
  }
  return sentence ?? line ?? word ?? wholeCharacter(text, to);
}

/** Finds where the overlap begins: the first sentence, else the first word, in `from <= place < to`. */
function firstBoundary(text: string, from: number, to: number): number {
  let word: number | undefined;
  for (let place = Math.max(1, from); place < to; place++) {
    if (!startsWord(text, place)) continue;
    if (endsSentence(text, gapBefore(text, place, 0).start)) return place;
    word ??= place;
  }
  return word ?? wholeCharacter(text, from);
}

/** True where something follows white space, or a sentence end of a script that writes no spaces. */
function startsWord(text: string, place: number): boolean {
  if (isSpace(text.charCodeAt(place))) return false;
  return isSpace(text.charCodeAt(place - 1)) || "。！？".includes(text[place - 1]!);
}

function gapBefore(text: string, place: number, from: number): { start: number; lines: number } {
  let start = place;
  let lines = 0;
  while (start > from && isSpace(text.charCodeAt(start - 1))) {
    start--;
    if (text.charCodeAt(start) === 10) lines++;
  }
  return { start, lines };
}

function endsSentence(text: string, end: number): boolean {
  const last = text[end - 1] ?? "";
  return ".!?…:;。！？".includes(last) || (`"'”’)]`.includes(last) && ".!?".includes(text[end - 2] ?? " "));
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x2028 || code === 0x2029;
}

/** Moves off the second half of a surrogate pair. */
function wholeCharacter(text: string, place: number): number {
  const code = text.charCodeAt(place);
  return code >= 0xdc00 && code <= 0xdfff && place > 1 ? place - 1 : place;
}
