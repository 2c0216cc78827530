/** Takes out of a message what differs from one time to the next, so that what is left names the kind of failure. */

const longestMessage = 16_384;
const longestTemplate = 200;
const longestWord = 20;
const longestQuote = 256;
const masked = "*";

const openers: Readonly<Record<string, string>> = { "“": "”", "«": "»", "`": "`", '"': '"', "'": "'" };
const wordCharacter = /[\p{L}\p{N}_]/u;
const secretWord =
  /^(?:bearer|basic|authorization|x-api-key|api[-_]?key|apikey|key|token|secret|password|passwd|pwd|cookie)$/i;
const timeWord =
  /^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|am|pm|gmt|utc)$/i;
const namedValue = /^([\p{L}_]{1,30})[=:][^@/\\]+$/u;
const wordsJoined = /^[a-z]{1,14}(?:[_-][a-z]{1,14}){1,4}$/i;
const keyPrefix = /^(?:sk|pk|rk|gh[a-z]|xox[a-z]|glpat|hf)[-_]|^(?:AIza|AKIA|eyJ)/;
const varies = /[\p{N}@/\\]|^[a-f]{8,}$/iu;

/**
 * Gives the template of a message, at most 200 characters: quoted text, JSON, numbers, ids, hex, URLs, addresses, paths and
 * times become `*`, and so does what follows a word such as "token". Looks at the first 16,384 characters, in linear time.
 */
export function maskMessage(message: string): string {
  const words = maskSpans(message.slice(0, longestMessage))
    .split(/\s+/)
    .filter((word) => word !== "" && word !== ",");
  const kept: string[] = [];
  let hidesNext = false;
  for (const word of words) {
    const after = kept.at(-1);
    const isSecret = hidesNext;
    hidesNext = secretWord.test(bare(word));
    const seen = isSecret && !hidesNext ? masked : maskWord(word);
    // A list of values is as one value, whatever its length; one thing is as many of them.
    if (seen.startsWith(masked) && after?.startsWith(masked) === true) kept[kept.length - 1] = seen;
    else kept.push(after === masked && seen.length > 3 ? seen.replace(/s(?=\W*$)/, "") : seen);
  }
  return kept.join(" ").slice(0, longestTemplate);
}

/** Masks a word by its look, with the punctuation around it. */
function maskWord(word: string): string {
  const core = bare(word);
  if (core === "") return word;
  const [, name] = namedValue.exec(core) ?? [];
  if (name !== undefined) return `${name}=${masked}`;
  const isLong = core.length > longestWord && !wordsJoined.test(core);
  const hidden = isLong || varies.test(core) || keyPrefix.test(core) || timeWord.test(core) || caseChanges(core) > 3;
  return hidden ? masked : word;
}

function bare(word: string): string {
  let start = 0;
  let end = word.length;
  while (start < end && "([<-+#$€£~".includes(word[start]!)) start++;
  while (end > start && ",.;:!?)]>%…".includes(word[end - 1]!)) end--;
  return word.slice(start, end);
}

/** Random text changes between small and capital letters far more often than words do. */
function caseChanges(word: string): number {
  let changes = 0;
  for (let at = 1; at < word.length; at++) {
    if (/[a-z]/.test(word[at - 1]!) && /[A-Z]/.test(word[at]!)) changes++;
  }
  return changes;
}

/** Masks what stands between quotes or brackets; each character is looked at a bounded number of times. */
function maskSpans(message: string): string {
  let out = "";
  let at = 0;
  while (at < message.length) {
    const character = message[at]!;
    const end =
      character === "{" || character === "["
        ? bracketEnd(message, at)
        : openers[character] !== undefined && !wordCharacter.test(message[at - 1] ?? " ")
          ? quoteEnd(message, at, openers[character]!)
          : -1;
    if (end < 0) {
      out += character;
      at++;
    } else {
      out += ` ${masked} `;
      at = end;
    }
  }
  return out;
}

/** One that is never closed was cut off: all that follows belongs to it. */
function bracketEnd(message: string, start: number): number {
  let depth = 0;
  let inText = false;
  for (let at = start; at < message.length; at++) {
    const character = message[at];
    if (inText) {
      if (character === "\\") at++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return message.length;
}

/** An apostrophe may be none; so a single quote must be closed soon, at the end of a word. */
function quoteEnd(message: string, start: number, closer: string): number {
  const isApostrophe = closer === "'";
  const until = isApostrophe ? Math.min(message.length, start + longestQuote) : message.length;
  for (let at = start + 1; at < until; at++) {
    if (message[at] === "\\") at++;
    else if (message[at] === closer && !(isApostrophe && wordCharacter.test(message[at + 1] ?? " "))) return at + 1;
  }
  return isApostrophe ? -1 : message.length;
}
