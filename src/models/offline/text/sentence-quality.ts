/** Judges whether a sentence can stand alone in an answer: no greeting, no fragment, no "it" without its noun. */

const shortest = 40;
const terse = 75;
const longest = 320;

/** Phrases of ceremony and of web pages: a sentence that holds one and little else says nothing. */
const boilerplate =
  /\b(?:(?:i )?thank(?:s| you)\b|god bless|good (?:evening|morning|night|afternoon)|mr\. (?:speaker|president|vice president)[,:]|madam speaker|my fellow (?:americans|citizens)|fellow[- ]citizens|ladies and gentlemen|distinguished (?:guests|members)|members of (?:the )?congress:|all rights reserved|copyright|©|click here|read more|subscribe|sign up|cookies?\b|terms of (?:use|service)|privacy policy|yours (?:truly|sincerely)|best regards|kind regards)/i;

/** Sentences that only point at another document or hold the stage. */
const pointing =
  /\b(?:(?:call(?:s|ed|ing)?|invite[sd]?|direct(?:s|ed)?) (?:your|the)(?: \w+){0,3} attention|attention (?:of congress )?is (?:again |also )?(?:invited|called|directed)|(?:refer|referred) (?:you )?to the (?:accompanying )?report|will be laid before|i (?:transmit|submit) herewith|as (?:you|we all) know|i (?:want|would like|'d like) (?:you )?to (?:know|say|thank|begin|talk))\b/i;

const leaning =
  /^["“'‘(]?(?:it|its|they|them|their|this|that|these|those|he|she|his|her|him|but|and|or|nor|so|then|thus|such|yet|however|moreover|furthermore|nevertheless|therefore|hence|also|instead|otherwise|still|both|neither|another|the (?:former|latter|same)|in this|for this|to this|with this|of (?:this|these|those|course)|(?:by|at|on|under|from|upon|after|before|through|among) (?:this|it|them|these|those|that|such)|in (?:addition|it|them|these|those|such|that)|for (?:it|them|these|those|that)|as i (?:said|say)|as (?:stated|mentioned|noted))\b/i;

/** Words in the middle that only a reader of what came before understands. */
const referring =
  /\bas (?:i|we) (?:have )?(?:said|say|stated|mentioned|noted)\b|\b(?:of|for|to|than) such\b(?! as\b)|\b(?:already|aforesaid|above|before)[- ]?(?:mentioned|named|stated)\b|\bthe (?:said|aforesaid|former|latter)\b/i;

/** Tells whether a sentence refers to one before it, so that alone it would leave a reader asking. */
export function leansBack(text: string): boolean {
  return leaning.test(text) || referring.test(text.slice(0, 400));
}

/**
 * Gives 0 for what must not be quoted as a finding (ceremony, fragments of under four words) up to 1 for a sentence of
 * readable length that begins and ends like one and leans on nothing before it.
 */
export function sentenceQuality(text: string, words: readonly string[]): number {
  if (words.length < 4 || words.length * 40 < text.length) return 0;
  if (text.length < 200 && boilerplate.test(text)) return 0;
  let quality = 1;
  if (boilerplate.test(text.slice(0, 400))) quality *= 0.5;
  if (pointing.test(text.slice(0, 400))) quality *= 0.6;
  if (text.length < shortest) quality *= 0.6;
  else if (text.length < terse) quality *= 0.85;
  if (text.length > longest) quality *= text.length > 2 * longest ? 0.55 : 0.75;
  if (leansBack(text)) quality *= 0.7;
  if (!/[.!?:;。！？]["'”’)\]]*$/.test(text.slice(-12))) quality *= 0.65;
  if (/\?["'”’)\]]*$/.test(text.slice(-12))) quality *= 0.6;
  if (/^\p{Ll}/u.test(text)) quality *= 0.4;
  if (isMostlyCapitalsOrDigits(text)) quality *= 0.5;
  return quality;
}

/** Tables, page heads and shouted lines. */
function isMostlyCapitalsOrDigits(text: string): boolean {
  let marks = 0;
  let letters = 0;
  for (const char of text.slice(0, 400)) {
    if (/[\p{Lu}\p{N}|_=<>{}]/u.test(char)) marks++;
    else if (/\p{L}/u.test(char)) letters++;
  }
  return marks > letters;
}
