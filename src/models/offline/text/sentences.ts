/** Cuts a text into sentences, keeping each one as it was written, so that what is quoted can be found again. */

import { isStopword } from "./words.ts";

/** One sentence of a text. */
export interface Sentence {
  /** The sentence with runs of white space as one space; otherwise unchanged. */
  readonly text: string;
  /** The nearest heading above it in the text (Markdown), if there is one. */
  readonly heading: string | undefined;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
/** A run without any sentence end is cut into pieces of about this many characters. */
const longestSentence = 2_000;

/**
 * Gives the sentences of a text, lazily: `Intl.Segmenter` within each block of lines, mended after abbreviations and
 * initials (`Mr. Lincoln`, `J. Adams`). Blank lines, headings and list items end a sentence. Stage marks such as
 * `[Applause]` are cut off both ends. Linear in the length of the text.
 */
export function* sentencesOf(text: string): Generator<Sentence> {
  let heading: string | undefined;
  for (const block of blocksOf(text)) {
    if (block.heading) {
      heading = tidy(block.text) || heading;
      continue;
    }
    let pending = "";
    for (const { segment } of segmenter.segment(block.text)) {
      if (pending !== "" && !continues(pending, segment)) {
        yield* pieces(pending, heading);
        pending = "";
      }
      pending += segment;
      if (pending.length > longestSentence * 4) {
        yield* pieces(pending, heading);
        pending = "";
      }
    }
    yield* pieces(pending, heading);
  }
}

/** Takes stage marks such as `[Applause]` or `(Laughter.)` out of a text. */
export function withoutStageMarks(text: string): string {
  return text.replace(stageMarks, " ").replace(/\s+/g, " ").trim();
}

const markWords = "applause|laughter|cheers|cheering|music|boos|inaudible|crosstalk";
const stageMarks = new RegExp(`[[(](?:${markWords})[^\\])\\n]{0,40}[\\])]`, "gi");
const leadingMark = new RegExp(`^[\\s"“”'’]{0,3}[[(](?:${markWords})[^\\])\\n]{0,40}[\\])]\\s*`, "i");
const trailingMark = new RegExp(`\\s*[[(](?:${markWords})[^\\])\\n]{0,40}[\\])]$`, "i");

function* pieces(raw: string, heading: string | undefined): Generator<Sentence> {
  let text = tidy(raw);
  for (let round = 0; round < 4; round++) {
    const bare = text.replace(leadingMark, "").trimEnd();
    const shorter = bare.slice(-60).replace(trailingMark, "");
    const next = bare.length > 60 ? bare.slice(0, -60) + shorter : shorter;
    if (next === text) break;
    text = next;
  }
  for (let start = 0; start < text.length; ) {
    const end = text.length - start <= longestSentence ? text.length : wordEnd(text, start + longestSentence);
    const piece = text.slice(start, end).trim();
    const shouted = start === 0 ? runInHeading(piece) : undefined;
    if (shouted !== undefined) yield { text: piece.slice(shouted.length).trim(), heading: shouted };
    else if (piece !== "") yield { text: piece, heading };
    start = end;
  }
}

/** Old prints set headings in capitals at the start of the line: `RAILROADS The railroads throughout …`. */
function runInHeading(text: string): string | undefined {
  const run = /^(?:[\p{Lu}\p{N}][\p{Lu}\p{N}'’&,.()-]*\s){1,8}(?=(\p{Lu}\p{Ll}*)\s)/u.exec(text.slice(0, 160));
  if (run === null) return undefined;
  const letters = run[0].replace(/[^\p{Lu}]/gu, "").length;
  if (letters < 4 || (letters < 8 && !isStarter(run[1]!))) return undefined;
  return run[0].trim().replace(/[.,]$/, "");
}

/** Moves a cut back to the last space before it, or off the middle of a surrogate pair. */
function wordEnd(text: string, at: number): number {
  const space = text.lastIndexOf(" ", at);
  if (space > at - 200) return space;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function tidy(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

interface Block {
  readonly text: string;
  readonly heading: boolean;
}

/** Blocks are what a reader sees apart: paragraphs, list items, headings, `key: value` lines. */
function* blocksOf(text: string): Generator<Block> {
  let block = "";
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029]/)) {
    const trimmed = line.trim();
    const heading = /^#{1,6}\s/.test(trimmed);
    const starts = heading || /^(?:[-*•–]|\d{1,3}[.)])\s/.test(trimmed) || keyLine.test(trimmed);
    if ((trimmed === "" || starts) && block !== "") {
      yield { text: block, heading: false };
      block = "";
    }
    if (trimmed === "" || /^[-=_*#\s]+$/.test(trimmed)) continue;
    if (heading) yield { text: trimmed.replace(/^#+\s+/, "").replace(/\s#+$/, ""), heading: true };
    else block += `${joint(block, trimmed)}${starts ? trimmed.replace(/^(?:[-*•–]|\d{1,3}[.)])\s+/, "") : trimmed}`;
  }
  if (block !== "") yield { text: block, heading: false };
}

const keyLine = /^(?:[A-Z][\w/-]{0,30}(?: [\w/-]{1,20}){0,3}|[a-z][\w-]{0,30}):\s/;

/** A wrapped line goes on; a short line without an end, before a capital, was a title. The segmenter ends sentences at \n. */
function joint(block: string, next: string): string {
  if (block === "") return "";
  const last = block.slice(block.lastIndexOf("\n") + 1);
  return last.length < 45 && !/[.!?,;:]["'”’)\]]*$/.test(last.slice(-8)) && /^["“]?\p{Lu}/u.test(next) ? "\n" : " ";
}

const neverEnds = new Set(
  `mr mrs ms dr prof sen rep gov gen col capt lt sgt maj adm hon rev st messrs mme vs cf viz approx fig figs vol vols pp
   ch sec no nos eq jan feb mar apr jun jul aug sept sep oct nov dec e.g i.e`.split(/\s+/),
);
const mayEnd = new Set(`u.s u.k u.n e.u d.c u.s.a etc inc ltd co corp jr sr a.m p.m al dept`.split(/\s+/));

/** Tells whether a sentence break after `before` is only the dot of an abbreviation. */
function continues(before: string, after: string): boolean {
  const end = before.trimEnd();
  if (/\n\s*$/.test(before.slice(-20)) && !end.endsWith(".")) return false;
  if (!end.endsWith(".")) return false;
  const word = /[\p{L}.]{1,12}$/u.exec(end.slice(-13, -1))?.[0] ?? "";
  const lower = word.toLowerCase();
  if (neverEnds.has(lower)) return lower !== "no" || /^\s*\d/.test(after);
  const next = /^[\s"'“‘([]{0,4}(\p{L}+)/u.exec(after.slice(0, 40))?.[1] ?? "";
  if (/^\p{Lu}$/u.test(word)) return word !== "I" && !isStarter(next);
  return mayEnd.has(lower) && next !== "" && !isStarter(next);
}

/** Words that begin sentences but not names. */
function isStarter(word: string): boolean {
  return isStopword(word.toLowerCase()) && /^\p{Lu}/u.test(word);
}
