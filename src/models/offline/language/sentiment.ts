/** Tells whether a text speaks well or badly of its matter, from a small word list of our own. */

import { stemOf, wordsOf } from "../text/words.ts";

/** What the words say. */
export interface Sentiment {
  /** From -1 (all bad) to 1 (all good); 0 when no word of the list occurs. */
  readonly polarity: number;
  readonly good: number;
  readonly bad: number;
}

const stems = (text: string) => new Set(text.split(/\s+/).map(stemOf));

const goodWords =
  stems(`good great excellent amazing awesome fantastic wonderful superb perfect brilliant outstanding love loved loves
  lovely enjoy enjoyed enjoyable happy glad delighted pleased pleasure satisfied satisfying best better nice fine
  beautiful helpful useful friendly easy fast quick reliable smooth impressive impressed recommend recommended worth
  success successful succeed win won improve improved improvement improvements benefit benefits beneficial gain gains
  progress prosper prosperity prosperous strong stronger strength safe safer hope hopeful proud peace peaceful thank thanks
  grateful welcome favorable favourable advantage advantages effective efficient positive praise praised admire joy
  generous thrive thriving growth healthy gratifying abundant secure freedom promising encourage encouraging superior
  comfortable delicious clean bright innovative affordable accurate fun exciting excited charming flawless`);
const badWords =
  stems(`bad terrible awful horrible poor worse worst hate hated hates dislike disappointing disappointed disappointment
  disappoint sad angry annoyed annoying unhappy upset frustrated frustrating broken break broke fail failed fails failure
  failures useless worthless slow difficult hard painful pain problem problems issue issues error errors bug bugs crash
  crashed crashes wrong waste wasted dirty ugly rude unfair dangerous danger risk risks risky threat threats threaten harm
  harmful hurt damage damaged loss losses lose lost decline declined fall weak weaker weakness crisis disaster tragedy
  war violence violent crime death dead die died suffer suffering fear afraid evil corrupt corruption fraud debt deficit
  inflation unemployment poverty expensive overpriced complain complaint complaints refuse refused reject rejected defect
  defective late delay delayed delays negative unreliable unsafe unacceptable confusing noisy cheap boring scam regret
  unfortunate unfortunately injury injurious distress misery hostile hostility illegal abuse shortage burden`);
/** Words that share a stem with a listed one and say nothing. */
const neutralWords = new Set("please fall falls later lately lateness fund interest fairly hardly likely".split(" "));
const negations = new Set(
  `not no never none nobody nothing neither nor cannot can't don't doesn't didn't isn't aren't wasn't weren't won't wouldn't
   couldn't shouldn't hasn't haven't hadn't without hardly barely ain't`.split(/\s+/),
);
const strong = new Set(
  `very really extremely absolutely totally so incredibly truly completely highly utterly`.split(" "),
);

/**
 * Reads the sentiment of a text: each listed word counts 1, one after a strong adverb 1.5, one within three words after a
 * negation counts for the other side by half (`not bad` is mildly good). Polarity is (good - bad) / (good + bad).
 */
export function sentimentOf(text: string): Sentiment {
  let good = 0;
  let bad = 0;
  let negatedFor = 0;
  let weight = 1;
  for (const clause of text.split(/[.!?;:,\n]|\bbut\b/i)) {
    negatedFor = 0;
    for (const word of wordsOf(clause)) {
      if (negations.has(word)) {
        negatedFor = 4;
        continue;
      }
      const stem = word.length <= 64 ? stemOf(word) : word;
      const value = neutralWords.has(word) ? 0 : goodWords.has(stem) ? 1 : badWords.has(stem) ? -1 : 0;
      if (value !== 0) {
        const side = negatedFor > 0 ? -value : value;
        const size = weight * (negatedFor > 0 ? 0.5 : 1);
        if (side > 0) good += size;
        else bad += size;
      }
      weight = strong.has(word) ? 1.5 : value === 0 && word.length < 3 ? weight : 1;
      negatedFor--;
    }
  }
  const total = good + bad;
  return { polarity: total === 0 ? 0 : (good - bad) / total, good, bad };
}

const labels: Readonly<Record<string, readonly [number, number]>> = {
  "very positive": [0.75, 1],
  "very negative": [-1, -0.75],
  "somewhat positive": [0.1, 0.5],
  "somewhat negative": [-0.5, -0.1],
  positive: [0.2, 1],
  pos: [0.2, 1],
  good: [0.2, 1],
  favorable: [0.2, 1],
  favourable: [0.2, 1],
  optimistic: [0.2, 1],
  happy: [0.2, 1],
  negative: [-1, -0.2],
  neg: [-1, -0.2],
  bad: [-1, -0.2],
  unfavorable: [-1, -0.2],
  unfavourable: [-1, -0.2],
  critical: [-1, -0.2],
  pessimistic: [-1, -0.2],
  unhappy: [-1, -0.2],
  angry: [-1, -0.2],
  mixed: [-0.2, 0.2],
  neutral: [-0.2, 0.2],
  balanced: [-0.2, 0.2],
};

/** Tells whether a set of labels speaks of sentiment: two of them at least are known, on different sides. */
export function areSentimentLabels(options: readonly string[]): boolean {
  const known = options.map(normalise).filter((label) => Object.hasOwn(labels, label));
  return known.length >= 2 && new Set(known.map((label) => Math.sign(middle(label)))).size >= 2;
}

/**
 * Chooses the label whose range holds the polarity, the narrowest range first; between both sides `mixed` needs words of
 * both, `neutral` does not. Undefined when no label fits.
 */
export function sentimentLabel(sentiment: Sentiment, options: readonly string[]): string | undefined {
  const mixed = sentiment.good > 0 && sentiment.bad > 0;
  const fitting = options.filter((option) => {
    const label = normalise(option);
    if (!Object.hasOwn(labels, label)) return false;
    const [low, high] = labels[label]!;
    return sentiment.polarity >= low && sentiment.polarity <= high;
  });
  const preferred = mixed ? "mixed" : "neutral";
  return fitting.sort(
    (a, b) => width(a) - width(b) || Number(normalise(b) === preferred) - Number(normalise(a) === preferred),
  )[0];
}

function normalise(label: string): string {
  return label.toLowerCase().replace(/[_-]+/g, " ").trim();
}

function middle(label: string): number {
  const [low, high] = labels[label]!;
  return low + high;
}

function width(option: string): number {
  const [low, high] = labels[normalise(option)]!;
  return high - low;
}
