/** One idea of what a word is, shared by the offline model, its embedder and document search, so that they agree. */

/**
 * Runs of letters, marks and digits; apostrophes inside a word and separators inside a number belong to it. Chinese and
 * Japanese write no spaces, so each of their characters is a word of its own.
 */
const wordPattern =
  /[a-z]+(?:'[a-z]+)*(?!'?[\p{L}\p{M}\p{N}])|\p{N}+(?:[.,]\p{N}+)*(?![\p{L}\p{M}\p{N}])|[[\p{L}\p{M}\p{N}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]]+(?:'[[\p{L}\p{M}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]]+)*|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/gv;

/**
 * Gives the words of a text in order: lower-cased, compatibility-normalised (NFKC, so that ligatures of PDF files read as
 * letters), numbers included (`1,000.5` is one word), the typographic apostrophe as the plain one (`don't`).
 */
export function wordsOf(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().replaceAll("’", "'").match(wordPattern) ?? [];
}

/** Words this long are encoded data, not language. */
const longestTerm = 64;

/** Gives what search compares: the stems of a text's words, without stopwords and words of over 64 characters, in order. */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const word of wordsOf(text)) {
    if (word.length <= longestTerm && !stopwords.has(word)) terms.push(stemOf(word));
  }
  return terms;
}

/** Tells whether a lower-cased word is an English function word, which says little about what a text is about. */
export function isStopword(word: string): boolean {
  return stopwords.has(word);
}

const stopwords = new Set(
  `a about above after again against all also although always am among an and another any are aren't around as at be
  because been before being below between both but by can can't cannot could couldn't did didn't do does doesn't doing
  don't done down during each either else ever every few for from further get gets got had hadn't has hasn't have haven't
  having he he'd he'll he's hence her here here's hers herself him himself his how how's however i i'd i'll i'm i've if in
  instead into is isn't it it'd it'll it's its itself just let let's may me might more most much must mustn't my myself
  neither no nor not now of off often on once only onto or other others ought our ours ourselves out over own per perhaps
  quite rather really same shall shan't she she'd she'll she's should shouldn't since so some still such than that that's
  the their theirs them themselves then there there's thereby therefore these they they'd they'll they're they've this
  those though through thus to too toward towards under until up upon us very was wasn't we we'd we'll we're we've were
  weren't what what's when when's where where's whether which while who who's whom whose why why's will with within without
  won't would wouldn't yet you you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
);

/** Stems are kept in two generations of this many words: the older one is dropped when the younger is full. */
const generationSize = 20_000;
let young = new Map<string, string>();
let old = new Map<string, string>();

/**
 * Strips a lower-cased English word to its stem, so that `connected` and `connections` meet. A word with anything but the
 * letters a to z, a possessive `'s` aside, comes back as it is. Remembers at most 40,000 words.
 *
 * Source: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the author's two later revisions
 * (`bli` to `ble`, `logi` to `log`).
 */
export function stemOf(word: string): string {
  const known = young.get(word);
  if (known !== undefined) return known;
  const stem = old.get(word) ?? computeStem(word);
  if (young.size >= generationSize) {
    old = young;
    young = new Map();
  }
  young.set(word, stem);
  return stem;
}

function computeStem(word: string): string {
  const plain = word.endsWith("'s") ? word.slice(0, -2) : word;
  if (plain.length <= 2 || plain.length > longestTerm || !/^[a-z]+$/.test(plain)) return plain;
  let stem = stripPlural(plain);
  stem = stripPast(stem);
  if (stem.endsWith("y") && hasVowel(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`;
  stem = replaceSuffix(stem, doubleSuffixes);
  stem = replaceSuffix(stem, longSuffixes);
  stem = stripLastSuffix(stem);
  return tidyEnd(stem);
}

/** Step 1a. */
function stripPlural(word: string): string {
  if (word.endsWith("sses") || word.endsWith("ies")) return word.slice(0, -2);
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

/** Step 1b. */
function stripPast(word: string): string {
  if (word.endsWith("eed")) return measureOf(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = word.endsWith("ed") ? "ed" : word.endsWith("ing") ? "ing" : undefined;
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (!hasVowel(stem)) return word;
  if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) return `${stem}e`;
  if (endsDouble(stem) && !/[lsz]$/.test(stem)) return stem.slice(0, -1);
  return measureOf(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

/** Step 2; longest suffix first. */
const doubleSuffixes: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["ization", "ize"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["tional", "tion"],
  ["biliti", "ble"],
  ["entli", "ent"],
  ["ousli", "ous"],
  ["ation", "ate"],
  ["alism", "al"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["alli", "al"],
  ["ator", "ate"],
  ["logi", "log"],
  ["bli", "ble"],
  ["eli", "e"],
];

/** Step 3. */
const longSuffixes: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];

function replaceSuffix(word: string, table: readonly (readonly [string, string])[]): string {
  for (const [suffix, replacement] of table) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, -suffix.length);
    return measureOf(stem) > 0 ? stem + replacement : word;
  }
  return word;
}

const lastSuffix = /(?:ement|ance|ence|able|ible|ment|ant|ent|(?<=[st])ion|ism|ate|iti|ous|ive|ize|al|er|ic|ou)$/;

/** Step 4. */
function stripLastSuffix(word: string): string {
  const at = word.search(lastSuffix);
  return at > 0 && measureOf(word.slice(0, at)) > 1 ? word.slice(0, at) : word;
}

/** Step 5. */
function tidyEnd(word: string): string {
  let stem = word;
  if (stem.endsWith("e")) {
    const rest = stem.slice(0, -1);
    const measure = measureOf(rest);
    if (measure > 1 || (measure === 1 && !endsShort(rest))) stem = rest;
  }
  return stem.endsWith("ll") && measureOf(stem) > 1 ? stem.slice(0, -1) : stem;
}

/** Writes a word as its consonants and vowels; `y` is a vowel after a consonant. */
function shapeOf(word: string): string {
  let shape = "";
  for (let index = 0; index < word.length; index++) {
    const letter = word[index]!;
    const vowel = letter === "y" ? shape.endsWith("c") : "aeiou".includes(letter);
    shape += vowel ? "v" : "c";
  }
  return shape;
}

/** Porter's m: how often a vowel run is followed by a consonant. */
function measureOf(word: string): number {
  return shapeOf(word).split("vc").length - 1;
}

function hasVowel(word: string): boolean {
  return shapeOf(word).includes("v");
}

function endsDouble(word: string): boolean {
  return word.at(-1) === word.at(-2) && shapeOf(word).endsWith("c");
}

/** Ends consonant, vowel, consonant, where the last is not w, x or y: the end of a short syllable (`hop`). */
function endsShort(word: string): boolean {
  return !/[wxy]$/.test(word) && shapeOf(word).endsWith("cvc");
}
