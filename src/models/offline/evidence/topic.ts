/** Tells what a task is about: which input is the question, and which of its words carry it. */

import type { Json } from "../../../core/json/json.ts";
import { sentencesOf } from "../text/sentences.ts";
import { isStopword, stemOf, wordsOf } from "../text/words.ts";
import { type Passage, passagesFrom } from "./passages.ts";

/** One word of the topic. */
export interface TopicTerm {
  readonly word: string;
  readonly stem: string;
  /** 1 for a word that carries the topic, less for one that any topic could have ("impact", "overview"). */
  readonly weight: number;
}

/** What the answer must be about. */
export interface Topic {
  readonly text: string;
  readonly terms: readonly TopicTerm[];
  /** Nothing counts as evidence unless it shares a carrying word with the topic. */
  readonly strict: boolean;
}

/** Inputs sorted into the question and what may be quoted. */
export interface SortedInputs {
  readonly topic: Topic | undefined;
  readonly passages: readonly Passage[];
}

const words = (text: string) => new Set(text.split(/\s+/));
const topicNames =
  words(`topic query question q subject search searchterm term keyword keywords about task goal objective
  request prompt focus theme problem issue hypothesis claim ask`);
const documentNames =
  words(`text document doc content body article transcript email message review passage context draft
  report data story comment feedback ticket conversation log input source essay paragraph notes note letter speech post
  tweet abstract page description`);
const asideNames = words(`style tone language lang locale audience format length level name author id date mode role
  persona voice currency unit timezone user tenant url file path limit max min count number`);
const genericWords =
  words(`impact impacts effect effects influence role overview history analysis analyse analyze analyzing
  summary summarize summarise summaries research study studies review report reports latest recent trend trends current
  development developments state future importance use uses using used question topic subject information info
  document documents text article articles passage passages following please list describe explain find give write tell
  extract identify provide show discuss compare know say said says answer main key important people thing things way ways
  make made many much kind type aspect aspects issue issues general including change changes context`);

/**
 * Sorts inputs into a topic and passages, by their names first and by length second. When `hasOtherEvidence` (tools, tool
 * results), a lone short input is a topic; otherwise it is a text. With nothing else to read, a topic that holds whole
 * sentences is read as a text as well, and only its questions ask.
 */
export function sortInputs(inputs: { readonly [field: string]: Json }, hasOtherEvidence: boolean): SortedInputs {
  const passages: Passage[] = [];
  const strong: string[] = [];
  const weak: string[] = [];
  for (const [name, value] of Object.entries(inputs)) {
    const kind = typeof value === "string" ? kindOf(name, value) : "passage";
    if (kind === "topic") strong.push(value as string);
    else if (kind === "maybe") weak.push(value as string);
    else if (kind === "passage") passages.push(...passagesFrom(value, name, "input"));
  }
  const readable = passages.some((passage) => passage.text !== "");
  if (strong.length > 0) {
    if (hasOtherEvidence || readable || !strong.some(holdsStatement))
      return { topic: topicFrom(strong.join(" "), true), passages };
    const asked = strong.flatMap((text) => [...sentencesOf(text)].filter(isQuestion)).map(({ text }) => text);
    return {
      topic: asked.length === 0 ? undefined : topicFrom(asked.join(" "), false),
      passages: [...passages, ...textsNamed(inputs, strong)],
    };
  }
  if (weak.length === 0) return { topic: undefined, passages };
  if (hasOtherEvidence || readable) return { topic: topicFrom(weak[0]!, hasOtherEvidence), passages };
  return { topic: undefined, passages: textsNamed(inputs, weak) };
}

function textsNamed(inputs: { readonly [name: string]: Json }, texts: readonly string[]): Passage[] {
  const entries = Object.entries(inputs).filter(([, value]) => texts.includes(value as string));
  return entries.flatMap(([name, value]) => passagesFrom(value, name, "input"));
}

function isQuestion({ text }: { readonly text: string }): boolean {
  return /\?["'”’)\]]*$/.test(text.slice(-12));
}

/** A sentence of several words that ends like a statement can be quoted; a bare phrase or question cannot. */
function holdsStatement(text: string): boolean {
  for (const sentence of sentencesOf(text)) {
    if (/[.!。！]["'”’)\]]*$/.test(sentence.text.slice(-12)) && wordsOf(sentence.text).length >= 4) return true;
  }
  return false;
}

/** Reads a topic's words, stopwords left out. A topic of generic words alone asks for nothing in particular. */
export function topicFrom(text: string, strict: boolean): Topic {
  const terms = new Map<string, TopicTerm>();
  for (const word of wordsOf(text.slice(0, 4_000))) {
    const stem = stemOf(word);
    if (word.length > 64 || isStopword(word) || terms.has(stem)) continue;
    terms.set(stem, { word, stem, weight: genericWords.has(word) ? 0.2 : 1 });
  }
  const all = [...terms.values()].slice(0, 40);
  return { text: text.trim(), terms: all, strict: strict && all.some((term) => term.weight === 1) };
}

/** Gives a topic without its generic words and stopwords, as a search would want it; empty when nothing is left. */
export function carryingWords(topic: Topic): string[] {
  return topic.terms.filter((term) => term.weight === 1).map((term) => term.word);
}

/** Tells whether a word fits any topic and so says nothing about this one. */
export function isGenericWord(word: string): boolean {
  return genericWords.has(word);
}

function kindOf(name: string, value: string): "topic" | "maybe" | "aside" | "passage" {
  if (value.trim() === "") return "aside";
  const tokens = name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((token) => token.toLowerCase());
  const length = wordsOf(value.slice(0, 2_000)).length;
  if (length <= 60 && tokens.some((token) => topicNames.has(token))) return "topic";
  if (length <= 60 && value.trim().endsWith("?") && !tokens.some((token) => documentNames.has(token))) return "topic";
  if (tokens.some((token) => documentNames.has(token))) return "passage";
  if (length <= 12 && tokens.some((token) => asideNames.has(token))) return "aside";
  return length <= 12 && !/[.!]["')\]]?$/.test(value.trim()) ? "maybe" : "passage";
}
