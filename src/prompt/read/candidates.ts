/** Finds the values a model's text may mean: in code fences, between prose, after thinking, encoded twice. */

import { looksLikeKey, matches } from "./entry-patterns.ts";
import { NativeSpans } from "./native-span.ts";
import { defaultMaxDepth } from "./plain-json.ts";
import { RowGroup } from "./row-group.ts";
import { missing, TolerantReader } from "./tolerant-reader.ts";

/** One value found in a text. */
export interface Candidate {
  readonly value: unknown;
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
  /** It stood in a code fence. */
  readonly fenced: boolean;
  /** It stood in the model's thinking, before the answer. */
  readonly thought: boolean;
  /** False when the text ended before the value did. */
  readonly complete: boolean;
}

/** How far a text is searched. */
export interface CandidateOptions {
  /** Leaves out a scalar that is still being written. @default false */
  readonly partial?: boolean;
  /** Most containers in one another. @default 256 */
  readonly maxDepth?: number;
  /** How often a value may be encoded as a string in a string. @default 3 */
  readonly encodings?: number;
}

/** What a search found. */
export interface CandidateSearch {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** All values of a text, or of a fence in it, that holds nothing but several of them, such as one on each line. */
  readonly rows: readonly unknown[] | undefined;
  /** Something was left out because it was nested too deep. */
  readonly tooDeep: boolean;
}

/** Most candidates kept from one text: the first half and the last half. */
const maxCandidates = 32;
/** A value may be encoded as a string in a string this often. */
const maxEncodings = 3;
/** Tokens read between two chances to let others run. */
const tokensPerStep = 4_096;

/**
 * Gives the objects and lists in a text, best first, at most 32 (the first and the last 16 of more). Answers before
 * thoughts, fenced before free, longer before shorter; of equals the later, since models correct themselves forwards.
 * Time is linear in the text.
 */
export function candidatesOf(text: string, options: CandidateOptions = {}): readonly Candidate[] {
  return searchCandidates(text, options).candidates;
}

/** Does the work of {@link candidatesOf} and tells whether anything was nested too deep. */
export function searchCandidates(text: string, options: CandidateOptions = {}): CandidateSearch {
  const steps = searchSteps(text, options);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The same search in steps of at most about a millisecond, to be put aside between any two. */
export function* searchSteps(text: string, options: CandidateOptions = {}): Generator<undefined, CandidateSearch> {
  const limits: Limits = {
    maxDepth: options.maxDepth ?? defaultMaxDepth,
    partial: options.partial ?? false,
    spans: new NativeSpans(text),
  };
  const { encodings = maxEncodings } = options;
  const found: Candidate[] = [];
  const rows = new RowGroup(text);
  // A broken value in a thought must not swallow the answer behind it.
  const thoughtEnd = /^\s{0,64}<think/.test(text) ? text.indexOf("</think") : -1;
  const thought = text.slice(0, Math.max(0, thoughtEnd));
  const answerStart = thoughtEnd === -1 ? text.lastIndexOf("</think") : thoughtEnd;
  const inThought: Limits = { ...limits, spans: new NativeSpans(thought) };
  const starts = /[{[\uff5b\uff3b]|`{3,}/g;
  let fence = false;
  const opened = yield* withOpeningBrace(text, limits);
  if (opened !== undefined) {
    found.push(opened);
    rows.spoil();
    starts.lastIndex = opened.end;
  }
  for (let count = 1, match = starts.exec(text); match !== null; match = starts.exec(text), count++) {
    if (match[0].startsWith("`")) {
      fence = !fence;
      rows.atFence(match.index, starts.lastIndex, fence);
      continue;
    }
    const start = match.index;
    const reading = yield* start < thought.length
      ? readAt(thought, start, inThought, encodings)
      : readAt(text, start, limits, encodings);
    // What is left of a value nested too deep would only look like one of its own.
    if (reading.tooDeep) return { candidates: found.reverse().sort(better), rows: undefined, tooDeep: true };
    starts.lastIndex = Math.max(reading.end, start + 1);
    if (count % 1024 === 0) yield undefined;
    if ((!reading.usable && !fence) || reading.value === missing) {
      rows.spoil();
      continue;
    }
    if (found.length === maxCandidates) found.splice(maxCandidates / 2, 1);
    const { value, end, complete } = reading;
    const candidate = { value, start, end, complete, fenced: fence, thought: start < answerStart };
    // Before the likelier reading, since of equals the later wins where no shape decides.
    if (reading.asWord !== undefined) found.push({ ...candidate, value: reading.asWord });
    found.push(candidate);
    rows.add(value, start, end);
  }
  return { candidates: found.reverse().sort(better), rows: rows.atEnd(), tooDeep: false };
}

interface Limits {
  readonly maxDepth: number;
  readonly partial: boolean;
  readonly spans?: NativeSpans | undefined;
}

/** Reads a text that starts with a quoted key: its opening brace was left out. */
function* withOpeningBrace(text: string, limits: Limits): Generator<undefined, Candidate | undefined> {
  const start = text.length - text.trimStart().length;
  if (!/["']/.test(text[start] ?? "") || !looksLikeKey(text, start)) return undefined;
  const { value, end, complete } = yield* readAt(`{${text.slice(start)}`, 0, { ...limits, spans: undefined }, 0);
  if (value === missing) return undefined;
  return { value, start, end: start + end - 1, complete, fenced: false, thought: false };
}

interface Reading {
  readonly value: unknown;
  readonly end: number;
  readonly complete: boolean;
  readonly usable: boolean;
  readonly tooDeep: boolean;
  /** The value with the literal that it was cut off in as a word, such as `tr`: a shape may want a text there. */
  readonly asWord?: unknown;
}

function* readAt(text: string, start: number, limits: Limits, encodingsLeft: number): Generator<undefined, Reading> {
  const decoded = encodingsLeft > 0 ? decodedFrom(text, start) : undefined;
  if (decoded !== undefined) {
    const inner = yield* readAt(decoded.text, 0, { ...limits, spans: undefined }, encodingsLeft - 1);
    // Several encoded values, such as a row on each line.
    if (!/[{[]/.test(decoded.text.slice(inner.end))) return { ...inner, end: decoded.end };
    const { candidates, rows } = yield* searchSteps(decoded.text, { ...limits, encodings: encodingsLeft - 1 });
    return { ...inner, value: rows ?? candidates[0]?.value ?? inner.value, end: decoded.end };
  }
  const reader = new TolerantReader(text, start, limits);
  while (!reader.run(tokensPerStep)) yield undefined;
  const { value } = reader;
  let asWord: unknown;
  if (reader.completedLiteral) {
    const words = new TolerantReader(text, start, { ...limits, cutWords: true });
    while (!words.run(tokensPerStep)) yield undefined;
    asWord = words.value;
  }
  const prose = Array.isArray(value) && value.length > 0 && reader.plainWords === reader.entries && start > 0;
  return {
    value: reader.abandoned || reader.tooDeep ? missing : value,
    end: reader.at,
    complete: reader.complete,
    usable: !prose,
    tooDeep: reader.tooDeep,
    asWord,
  };
}

/** Takes one level of string escapes or HTML entities off a value whose quotes have them. */
function decodedFrom(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  if (matches(escapedStart, text, start)) return decodeOnce(text, start);
  if (!matches(entityStart, text, start)) return undefined;
  const rest = text.slice(start);
  return {
    text: rest.replace(/&(?:quot|apos|lt|gt|amp|#34|#39|#x27);/g, (entity) => entities[entity]!),
    end: text.length,
  };
}

const entityStart = /[{[][\s{[]{0,64}&(?:quot|#34);/y;
const entities: Readonly<Record<string, string>> = {
  "&quot;": '"',
  "&#34;": '"',
  "&apos;": "'",
  "&#39;": "'",
  "&#x27;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};

/** An opening bracket whose first quote is escaped: everything from here is encoded as a string. */
const escapedStart = /[{[](?:[\s{[]|\\[nrt]){0,64}\\+["']/y;

/** A quote that ends a key or value. */
const tokenEnd = /"\s{0,16}[:,}\]]/y;

/** Takes one level of string escapes off, up to the quote that ends the string or the end of the text. */
function decodeOnce(text: string, start: number): { text: string; end: number } | undefined {
  let decoded = "";
  let from = start;
  let at = start;
  let quotes = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // A quote behind an escaped backslash is one inside the value, escaped once too little.
    if (code === 34 && !(at === from && decoded.endsWith("\\"))) {
      if (quotes % 2 === 0) break;
      // A lone backslash before the first key is no encoding; later, the quote is one inside an encoded text.
      if (quotes === 1 && matches(tokenEnd, text, at)) return undefined;
    }
    if (code !== 92) continue;
    decoded += text.slice(from, at);
    const next = text[at + 1] ?? "";
    if (next === '"' && !(at === from && decoded.endsWith("\\"))) quotes++;
    decoded += next === "n" ? "\n" : next === "r" ? "\r" : next === "t" ? "\t" : next === "u" ? "\\u" : next;
    at++;
    from = at + 1;
  }
  return { text: decoded + text.slice(from, at), end: at };
}

function better(a: Candidate, b: Candidate): number {
  if (a.thought !== b.thought) return a.thought ? 1 : -1;
  if (a.fenced !== b.fenced) return a.fenced ? -1 : 1;
  return b.end - b.start - (a.end - a.start);
}
