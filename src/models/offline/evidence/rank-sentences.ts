/** Orders sentences by how well they answer the topic and how much the other sentences agree with them. */

import { breathe } from "../text/breathe.ts";
import { stemOf } from "../text/words.ts";
import type { Evidence, EvidenceSentence } from "./evidence.ts";
import { centrality, vectorOf } from "./sentence-graph.ts";
import type { Topic, TopicTerm } from "./topic.ts";

/** A sentence with its worth. */
export interface RankedSentence {
  readonly sentence: EvidenceSentence;
  /** For ordering only. */
  readonly score: number;
  /** From 0 to 1: the share of the topic's weight its words and its passage cover; without a topic, its weight beside the best. */
  readonly relevance: number;
  /** Weighted terms of unit length, for comparing sentences. */
  readonly vector: ReadonlyMap<string, number>;
}

/** Only this many sentences, the best by words alone, are compared with each other. */
const mostCandidates = 240;
/** The event loop gets a turn after this many sentences. */
const sentencesPerTurn = 1_500;
/** A lone word out of several must stand in this many sentences. */
const fewestHolders = 3;
const bm25 = { k1: 1.2, b: 0.75 };

/**
 * Ranks the sentences of some evidence, best first, 240 at most. With a topic: BM25 over its terms (Robertson and Zaragoza
 * 2009), agreement of the passage, position; without one: the weight of a sentence's own terms. Both with graph
 * centrality among the best (TextRank, Mihalcea and Tarau 2004, over the cosine of LexRank, Erkan and Radev 2004). A
 * sentence that covers the topic comes before one that repeats a part of it. With a strict topic it must hold one of its
 * carrying words, or come from a passage whose search called it similar; of what a tool found, half of the carrying words
 * or fewer count only when three sentences hold one of them, since less is a coincidence. A question the topic asks is no
 * answer to it. The same evidence gives the same order. Rejects with the signal's own reason when it aborts.
 */
export async function rankSentences(
  evidence: Evidence,
  topic: Topic | undefined,
  signal?: AbortSignal,
): Promise<RankedSentence[]> {
  const asked = topic?.text.replace(/\s+/g, " ") ?? "";
  const sentences = evidence.sentences.filter(
    ({ quality, text }) => quality > 0 && !(text.endsWith("?") && asked.includes(text)),
  );
  const frequency = await documentFrequency(sentences, signal);
  const idf = (stem: string) => {
    const found = frequency.get(stem) ?? 0;
    return Math.log(1 + (sentences.length - found + 0.5) / (found + 0.5));
  };
  const query = topic?.terms.length ? queryOf(topic) : [];
  const first =
    query.length > 0
      ? await byTopic(sentences, query, idf, topic!.strict, signal)
      : await bySalience(sentences, frequency, signal);
  first.sort((a, b) => b.score - a.score || a.sentence.index - b.sentence.index);
  const candidates = first
    .slice(0, mostCandidates)
    .map((entry) => ({ ...entry, vector: vectorOf(entry.sentence, idf) }));
  const central = centrality(candidates.map((candidate) => candidate.vector));
  const best = Math.max(1e-9, ...candidates.map((candidate) => candidate.score));
  const weights = query.length > 0 ? { own: 0.75, central: 0.15 } : { own: 0.35, central: 0.55 };
  const ranked = candidates.map((candidate, index) => ({
    sentence: candidate.sentence,
    vector: candidate.vector,
    relevance: query.length > 0 ? candidate.relevance : candidate.score / best,
    score:
      (weights.own * (candidate.score / best) + weights.central * central[index]! + 0.1 * early(candidate.sentence)) *
      candidate.sentence.quality,
  }));
  return ranked.sort((a, b) => b.score - a.score || a.sentence.index - b.sentence.index);
}

/** A topic term with the other spelling it may have in the text: `healthcare` for `health care`, and back. */
interface QueryTerm extends TopicTerm {
  readonly joined: readonly string[];
}

function queryOf(topic: Topic): QueryTerm[] {
  return topic.terms.map((term, index) => ({
    ...term,
    joined: [topic.terms[index - 1], topic.terms[index + 1]].flatMap((near, side) =>
      near === undefined ? [] : [stemOf(side === 0 ? near.word + term.word : term.word + near.word)],
    ),
  }));
}

interface Scored {
  readonly sentence: EvidenceSentence;
  readonly score: number;
  readonly relevance: number;
}

async function byTopic(
  sentences: readonly EvidenceSentence[],
  query: readonly QueryTerm[],
  idf: (stem: string) => number,
  strict: boolean,
  signal: AbortSignal | undefined,
): Promise<Scored[]> {
  const average = sentences.reduce((sum, sentence) => sum + sentence.terms.length, 0) / Math.max(1, sentences.length);
  const found: number[][] = [];
  for (const sentence of sentences) {
    if (found.push(query.map((term) => countOf(term, sentence))) % sentencesPerTurn === 0) await breathe(signal);
  }
  const inPassage = new Map<object, boolean[]>();
  for (const [index, counts] of found.entries()) {
    const passage = sentences[index]!.passage;
    const hits = inPassage.get(passage) ?? query.map(() => false);
    inPassage.set(passage, hits);
    for (const [at, count] of counts.entries()) if (count > 0) hits[at] = true;
  }
  const carriers = query.filter((term) => term.weight === 1).length;
  const holders = query.map((_, at) => found.reduce((sum, counts) => sum + (counts[at]! > 0 ? 1 : 0), 0));
  const byChance = (sentence: EvidenceSentence, counts: readonly number[]) => {
    if (sentence.passage.origin !== "tool" || carriers < 2) return false;
    const near = inPassage.get(sentence.passage)!;
    const held = query.flatMap((term, at) =>
      term.weight === 1 && (counts[at]! > 0 || near[at]) ? [holders[at]!] : [],
    );
    return held.length <= carriers / 2 && Math.max(...held) < fewestHolders;
  };
  const scored: Scored[] = [];
  for (const [index, sentence] of sentences.entries()) {
    if (index % (4 * sentencesPerTurn) === sentencesPerTurn) await breathe(signal);
    const counts = found[index]!;
    const carrying = query.some((term, at) => term.weight === 1 && counts[at]! > 0);
    const similar = similarity(sentence);
    if (strict && similar < 0.5 && (!carrying || byChance(sentence, counts))) continue;
    const relevance = coverage(query, counts, inPassage.get(sentence.passage)!);
    let score = 0;
    for (const [at, term] of query.entries()) {
      const count = counts[at]!;
      const length = 1 - bm25.b + (bm25.b * sentence.terms.length) / Math.max(1, average);
      score += (term.weight * idf(term.stem) * count * (bm25.k1 + 1)) / (count + bm25.k1 * length);
    }
    scored.push({
      sentence,
      relevance: carrying ? relevance : Math.max(relevance, Math.min(1, similar)),
      score: (score + 0.5 * relevance + similar) * (0.4 + 0.6 * sentence.quality) * (0.8 + 0.2 * relevance),
    });
  }
  return scored;
}

/**
 * Computes relevance: 0.8 of the topic's weight found in the sentence plus 0.2 of it found in its passage, each as a
 * share of the whole weight.
 */
function coverage(query: readonly QueryTerm[], counts: readonly number[], passage: readonly boolean[]): number {
  let whole = 0;
  let covered = 0;
  for (const [at, term] of query.entries()) {
    whole += term.weight;
    covered += term.weight * ((counts[at]! > 0 ? 0.8 : 0) + (passage[at] ? 0.2 : 0));
  }
  return covered / Math.max(whole, 1e-9);
}

function countOf(term: QueryTerm, sentence: EvidenceSentence): number {
  let count = 0;
  if (term.word.length <= 3) {
    for (const word of sentence.words) if (word === term.word || word === `${term.word}s`) count++;
    return count;
  }
  for (const stem of sentence.terms) if (stem === term.stem || term.joined.includes(stem)) count++;
  if (count > 0 || term.word.length < 6) return count;
  for (let index = 0; index + 1 < sentence.words.length; index++) {
    const word = sentence.words[index]!;
    if (word.length < 3 || !term.word.startsWith(word)) continue;
    if (stemOf(word + sentence.words[index + 1]!) === term.stem) count++;
  }
  return count;
}

/** A search that measures similarity from 0 to 1 may know a passage fits although it shares no word with the topic. */
function similarity(sentence: EvidenceSentence): number {
  const value = sentence.passage.fields.get("similarity") ?? sentence.passage.fields.get("cosine");
  return typeof value === "number" && value >= 0 && value <= 1 ? value : 0;
}

async function documentFrequency(
  sentences: readonly EvidenceSentence[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const frequency = new Map<string, number>();
  for (const [index, sentence] of sentences.entries()) {
    if (index % sentencesPerTurn === sentencesPerTurn - 1) await breathe(signal);
    for (const stem of new Set(sentence.terms)) frequency.set(stem, (frequency.get(stem) ?? 0) + 1);
  }
  return frequency;
}

/** Without a topic: the mean weight of a sentence's terms, heavy when many sentences share them (Nenkova 2005). */
async function bySalience(
  sentences: readonly EvidenceSentence[],
  frequency: ReadonlyMap<string, number>,
  signal: AbortSignal | undefined,
): Promise<Scored[]> {
  const scored: Scored[] = [];
  for (const sentence of sentences) {
    const stems = [...new Set(sentence.terms)];
    let sum = 0;
    for (const stem of stems) sum += Math.log1p(frequency.get(stem)! - 1);
    const score = (sum / (stems.length + 3)) * sentence.quality + 0.05 * early(sentence);
    if (scored.push({ sentence, score, relevance: 0 }) % sentencesPerTurn === 0) await breathe(signal);
  }
  return scored;
}

function early(sentence: EvidenceSentence): number {
  return 1 / (1 + sentence.position / 4);
}
