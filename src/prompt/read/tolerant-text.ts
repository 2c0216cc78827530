/** The small facts of loosely written JSON: which characters quote, close or separate, and what a bare word means. */

/** Tells how a character may open a string: which characters close it again. Empty when it opens none. */
export function closersOf(code: number): string {
  switch (code) {
    case 34: // "
      return '"';
    case 39: // '
      return "'";
    case 96: // `
      return "`'";
    case 0x201c: // “
    case 0x201d: // ”
    case 0x201e: // „
    case 0x201f: // ‟
    case 0xab: // «
      return '"\u201c\u201d\u201f\u00bb';
    case 0x2018: // ‘
    case 0x2019: // ’
    case 0x201a: // ‚
    case 0x201b: // ‛
    case 0xb4: // ´
      return "'\u2018\u2019\u201b\u00b4";
    default:
      return "";
  }
}

/** Tells whether a character is white space, also the unicode kinds that models emit. */
export function isSpace(code: number): boolean {
  if (code <= 32) return true;
  if (code < 0xa0) return false;
  return (
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200d) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
  ["null", null],
  ["None", null],
  ["NULL", null],
  ["Null", null],
  ["nil", null],
  ["undefined", null],
  ["NaN", null],
  ["nan", null],
  ["Infinity", null],
  ["+Infinity", null],
  ["-Infinity", null],
  ["-NaN", null],
  ["inf", null],
  ["-inf", null],
]);

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const looseNumber = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?$/;
const groupedNumber = /^[+-]?[1-9]\d{0,2}(?:_\d{3})+(?:\.\d+)?$/;
const hexNumber = /^0[xX][\da-fA-F]{1,13}$/;

/** Gives what a bare word stands for: a literal of JSON, Python or JavaScript, a number, or `undefined` for plain text. */
export function wordValue(word: string): boolean | number | null | undefined {
  const first = word.charCodeAt(0);
  const mayBeNumber = (first >= 43 && first <= 46) || (first >= 48 && first <= 57);
  if (!mayBeNumber || word.length < 10) {
    const literal = words.get(word);
    if (literal !== undefined) return literal;
  }
  if (!mayBeNumber || word.length > 400) return undefined;
  if (jsonNumber.test(word)) return finite(Number(word));
  if (looseNumber.test(word)) return finite(Number.parseFloat(word));
  if (groupedNumber.test(word)) return finite(Number(word.replaceAll("_", "")));
  if (hexNumber.test(word)) return Number(word);
  return undefined;
}

/** Completes a literal that was cut off after at least its first letter, such as `tru`. */
export function cutOffWord(word: string): boolean | null | undefined {
  if (word === "") return undefined;
  for (const literal of ["true", "false", "null", "True", "False", "None"]) {
    if (literal.startsWith(word)) return words.get(literal);
  }
  return undefined;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
