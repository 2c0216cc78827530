/** Tells which code points a set of a pattern takes, by asking the platform's own engine. */

const tableSize = 128;

/** One set: a table for ASCII, the engine for the rest. */
export class PatternSet {
  readonly #expression: RegExp;
  readonly #table = new Int8Array(tableSize).fill(-1);

  constructor(source: string) {
    this.#expression = new RegExp(`^(?:${source})$`, "u");
  }

  /** Tells whether a code point is in the set. */
  has(codePoint: number): boolean {
    if (codePoint >= tableSize) return this.#expression.test(String.fromCodePoint(codePoint));
    const known = this.#table[codePoint]!;
    if (known >= 0) return known === 1;
    const result = this.#expression.test(String.fromCodePoint(codePoint));
    this.#table[codePoint] = result ? 1 : 0;
    return result;
  }
}

/** Code points to try sets on: Latin, one or two of many scripts and classes, and all the pattern itself names, ±1. */
export function samplesFor(source: string): readonly number[] {
  const samples = new Set<number>(Array.from({ length: 0x180 }, (_, index) => index));
  for (const text of "αΩжЯאبतก中あアァ가ߐ٣५०Ⅷ½²€№∑→─☃️😀𝒳\u2003\u2028\u200b\u0301\ufeff\ue000") {
    samples.add(text.codePointAt(0)!);
  }
  const named = [...source].map((text) => text.codePointAt(0)!);
  for (const [, braced, plain, short] of source.matchAll(/\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2}))/gi)) {
    named.push(Number.parseInt(braced ?? plain ?? short ?? "0", 16));
  }
  for (const codePoint of named) {
    for (const near of [codePoint - 1, codePoint, codePoint + 1]) if (near >= 0 && near <= 0x10ffff) samples.add(near);
  }
  return [...samples];
}
