/** Tells whether a sentence is of the sort a field asks for: a recommendation, a risk, a cause. */

import type { Cue } from "../fill/field-intent.ts";
import { sentimentOf } from "./sentiment.ts";

const patterns: Readonly<Record<Exclude<Cue, "benefit" | "drawback">, RegExp>> = {
  recommendation:
    /\b(?:should|must|ought to|recommend\w{0,4}|urge[sd]?|propos\w{1,4}|need(?:s)? to|have to|let us|let's|advis\w{1,4}|suggest\w{0,3}|call(?:s|ed)? (?:on|upon)|consider)\b/i,
  risk: /\b(?:risk\w{0,3}|threat\w{0,5}|danger\w{0,5}|concern\w{0,3}|warn\w{0,4}|challeng\w{1,3}|problem\w{0,2}|harm\w{0,3}|fail\w{0,4}|crisis|hazard\w{0,4}|difficult\w{0,3}|evils?|loss(?:es)?|vulnerab\w{1,5}|uncertain\w{0,3})\b/i,
  question: /\?["'”’)\]]*$/,
  cause:
    /\b(?:because|due to|caus\w{1,3}|result(?:s|ed|ing)? (?:from|of)|owing to|led to|leads to|driven by|as a result|consequence of|attribut\w{2,4})\b/i,
  decision:
    /\b(?:decid\w{1,3}|decision|resolv\w{1,3}|agreed|approv\w{1,3}|determin\w{1,3}|adopt\w{0,3}|chose|chosen)\b/i,
  definition: /\b(?:is an?|are|means|refers? to|is defined as|is the)\b/i,
  change:
    /\b(?:increas\w{1,3}|decreas\w{1,3}|declin\w{1,3}|grew|grow\w{0,4}|ris(?:e|es|en|ing)|rose|fell|fall(?:s|en|ing)?|chang\w{1,3}|doubled|tripled|reduc\w{1,5}|expand\w{0,3}|improv\w{1,5}|more than|less than|trend\w{0,3}|shift\w{0,3})\b/i,
};

/** Decides for one sentence; pros and cons go by sentiment. */
export function hasCue(cue: Cue, sentence: string): boolean {
  if (cue === "benefit") return sentimentOf(sentence).polarity > 0;
  if (cue === "drawback") return sentimentOf(sentence).polarity < 0;
  return patterns[cue].test(sentence);
}
