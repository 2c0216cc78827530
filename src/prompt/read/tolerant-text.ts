/** The small facts of loosely written JSON: which characters quote, close or separate, and what a bare word means. */

/** Tells how a character may open a string: which characters close it again. Empty when it opens none. */
export function closersOf(code: number): string {
  if (code === 34) return '"';
  if (code < 128 && code !== 39 && code !== 96) return "";
  switch (code) {
    case 39: // '
      return "'";
    case 96: // `
      return "`'\u00b4";
    case 0xff02: // ＂
      return "\uff02";
    case 0xff07: // ＇
      return "\uff07";
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

/** Gives the ASCII code of a bracket, colon or comma written full-width, as in Chinese or Japanese text; else the code itself. */
export function asciiOf(code: number): number {
  if (code < 0x3000) return code;
  switch (code) {
    case 0xff0c: // ，
    case 0x3001: // 、
      return 44;
    case 0xff1a: // ：
      return 58;
    case 0xff1b: // ；
      return 59;
    case 0xff5b: // ｛
      return 123;
    case 0xff5d: // ｝
      return 125;
    case 0xff3b: // ［
      return 91;
    case 0xff3d: // ］
      return 93;
    case 0xff08: // （
      return 40;
    case 0xff09: // ）
      return 41;
    default:
      return code;
  }
}

/** Tells whether a character is one of the ten digits. */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Gives the offset of the first character from `at` on that is not white space, or the mark of a quoted line of mail. */
export function skipSpace(text: string, at: number): number {
  let index = at;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (!isSpace(code) && !(code === 62 && text.charCodeAt(index - 1) === 10)) break;
  }
  return index;
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
const groupedNumber = /^[+-]?[1-9]\d{0,2}(?:(?:_\d{3})+|(?:,\d{3})+)(?:\.\d+)?$/;
const underscored = /^[+-]?\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?$/;
const hexNumber = /^0[xX][\da-fA-F]{1,13}$/;

/** Reads digits with at most one dot between them, and no leading zero; undefined for anything else. */
function plainNumber(word: string): number | undefined {
  let value = 0;
  let dot = 0;
  for (let at = 0; at < word.length; at++) {
    const digit = word.charCodeAt(at) - 48;
    if (digit === -2 && dot === 0 && at > 0 && at < word.length - 1) dot = at;
    else if (digit < 0 || digit > 9) return undefined;
    else value = value * 10 + digit;
  }
  if (word.charCodeAt(0) === 48 && word.length > 1 && dot !== 1) return undefined;
  return dot === 0 && word.length < 16 ? value : Number(word);
}

/** Gives what a bare word stands for: a literal of JSON, Python or JavaScript, a number, or `undefined` for plain text. */
export function wordValue(word: string): boolean | number | null | undefined {
  const first = word.charCodeAt(0);
  const mayBeNumber = (first >= 43 && first <= 46) || (first >= 48 && first <= 57);
  const isDigits = first >= 48 && first <= 57;
  if (!isDigits && (!mayBeNumber || word.length < 10)) {
    const literal = words.get(word);
    if (literal !== undefined) return literal;
  }
  if (!mayBeNumber || word.length > 400) return undefined;
  if (isDigits) {
    const value = plainNumber(word);
    if (value !== undefined) return value;
  }
  if (jsonNumber.test(word)) return Number(word);
  if (looseNumber.test(word)) return Number.parseFloat(word);
  if (groupedNumber.test(word)) return Number(word.replaceAll(/[_,]/g, ""));
  if (underscored.test(word) && !/^[+-]?0\d/.test(word)) return Number(word.replaceAll("_", ""));
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
