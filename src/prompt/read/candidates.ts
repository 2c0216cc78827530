/** Finds the values a model's text may mean: in code fences, between prose, after thinking, encoded twice. */

import { NativeSpans } from "./native-span.ts";
import { defaultMaxDepth } from "./plain-json.ts";
import { missing, TolerantReader } from "./tolerant-reader.ts";
import { looksLikeKey } from "./tolerant-string.ts";

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
}

/** What a search found. */
export interface CandidateSearch {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** Something was left out because it was nested too deep. */
  readonly tooDeep: boolean;
}

/** Most candidates kept from one text: the first half and the last half. */
const maxCandidates = 32;
/** A value may be encoded as a string in a string this often. */
const maxEncodings = 3;

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
  const spans = new NativeSpans(text);
  const limits = { maxDepth: options.maxDepth ?? defaultMaxDepth, partial: options.partial ?? false, spans };
  const found: Candidate[] = [];
  const answerStart = text.lastIndexOf("</think");
  const starts = /[{[]|`{3}/g;
  let fence = false;
  let tooDeep = false;
  const opened = withOpeningBrace(text, limits);
  if (opened !== undefined) {
    found.push(opened);
    starts.lastIndex = opened.end;
  }
  for (let match = starts.exec(text); match !== null; match = starts.exec(text)) {
    if (match[0] === "```") {
      fence = !fence;
      continue;
    }
    const start = match.index;
    const reading = readAt(text, start, limits, maxEncodings);
    tooDeep = reading.tooDeep;
    // What is left of a value nested too deep would only look like one of its own.
    if (tooDeep) break;
    starts.lastIndex = Math.max(reading.end, start + 1);
    if (!reading.usable && !fence) continue;
    if (reading.value === missing) continue;
    if (found.length === maxCandidates) found.splice(maxCandidates / 2, 1);
    const { value, end, complete } = reading;
    found.push({ value, start, end, complete, fenced: fence, thought: start < answerStart });
  }
  return { candidates: found.reverse().sort(better), tooDeep };
}

/** Reads a text that starts with a quoted key: its opening brace was left out. */
function withOpeningBrace(
  text: string,
  limits: { readonly maxDepth: number; readonly partial: boolean },
): Candidate | undefined {
  const start = text.length - text.trimStart().length;
  if (!/["']/.test(text[start] ?? "") || !looksLikeKey(text, start)) return undefined;
  const { value, end, complete } = readAt(`{${text.slice(start)}`, 0, limits, 0);
  if (value === missing) return undefined;
  return { value, start, end: start + end - 1, complete, fenced: false, thought: false };
}

interface Reading {
  readonly value: unknown;
  readonly end: number;
  readonly complete: boolean;
  readonly usable: boolean;
  readonly tooDeep: boolean;
}

function readAt(
  text: string,
  start: number,
  limits: { readonly maxDepth: number; readonly partial: boolean },
  encodingsLeft: number,
): Reading {
  escapedStart.lastIndex = start;
  if (encodingsLeft > 0 && escapedStart.test(text)) {
    const decoded = decodeOnce(text, start);
    const inner = readAt(decoded.text, 0, limits, encodingsLeft - 1);
    return { ...inner, end: decoded.end };
  }
  const reader = new TolerantReader(text, start, limits);
  const value = reader.read();
  const prose = Array.isArray(value) && value.length > 0 && reader.plainWords === reader.entries && start > 0;
  return {
    value: reader.abandoned || reader.tooDeep ? missing : value,
    end: reader.at,
    complete: reader.complete,
    usable: !prose,
    tooDeep: reader.tooDeep,
  };
}

/** An opening bracket whose first quote is escaped: everything from here is encoded as a string. */
const escapedStart = /[{[](?:[\s{[]|\\[nrt]){0,64}\\+["']/y;

/** Takes one level of string escapes off, up to the quote that ends the string or the end of the text. */
function decodeOnce(text: string, start: number): { text: string; end: number } {
  let decoded = "";
  let from = start;
  let at = start;
  for (; at < text.length && text.charCodeAt(at) !== 34; at++) {
    if (text.charCodeAt(at) !== 92) continue;
    decoded += text.slice(from, at);
    const next = text[at + 1] ?? "";
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
