/** Remembers the keys of questions that came again: making a key and hashing it takes longer than finding an answer by it. */

const places = 128;
const mostFields = 8;
/** Characters of all texts of a question that is remembered. */
const longest = 512;

type Fields = Readonly<Record<string, unknown>>;

interface Known {
  readonly fields: Fields;
  readonly count: number;
  readonly tenant: string | undefined;
  readonly key: string;
}

/**
 * The keys of up to 128 questions whose fields are short texts, numbers, booleans or null, each at a place that a few of its
 * characters decide. A question is compared in full, so another one is never taken for it; it only takes its place.
 */
export class RecentQuestions {
  #known: (Known | undefined)[] | undefined;
  readonly #keyOf: (input: unknown, tenant: string | undefined) => string | undefined;

  /** @param keyOf Makes the key of a question. */
  constructor(keyOf: (input: unknown, tenant: string | undefined) => string | undefined) {
    this.#keyOf = keyOf;
  }

  /** Gives the key that was remembered for a question. */
  keyOf(input: unknown, tenant: string | undefined): string | undefined {
    if (this.#known === undefined || !isPlain(input)) return undefined;
    const known = this.#known[placeOf(input)];
    return known !== undefined && known.tenant === tenant && isSame(known, input) ? known.key : undefined;
  }

  /** Remembers the key of a question, when it is one that can be compared in no time. */
  remember(input: unknown, tenant: string | undefined, key: string): void {
    if (!isPlain(input)) return;
    const fields: Record<string, unknown> = {};
    let count = 0;
    let length = 0;
    for (const name in input) {
      const field = input[name];
      count += 1;
      length += typeof field === "string" ? field.length : 0;
      if (count > mostFields || length > longest || !isScalar(field)) return;
      fields[name] = field;
    }
    // Getters may have given other values when the key was made.
    if (this.#keyOf(fields, tenant) !== key) return;
    this.#known ??= new Array(places).fill(undefined);
    this.#known[placeOf(fields)] = { fields, count, tenant, key };
  }
}

function isPlain(input: unknown): input is Fields {
  if (typeof input !== "object" || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null;
}

function isScalar(field: unknown): boolean {
  return field === null || typeof field === "string" || typeof field === "number" || typeof field === "boolean";
}

function placeOf(input: Fields): number {
  let hash = 0;
  for (const name in input) {
    const field = input[name];
    if (typeof field === "string") hash = Math.imul(hash ^ sampleOf(field), 0x9e3779b1);
    else if (typeof field === "number") hash = Math.imul(hash ^ field, 0x9e3779b1);
    else hash = Math.imul(hash ^ (field === true ? 1 : 2), 0x9e3779b1);
  }
  return hash >>> 25;
}

/** Mixes a text's length and eight of its characters. */
function sampleOf(text: string): number {
  const { length } = text;
  const step = length >> 3 || 1;
  let sample = length;
  for (let at = length - 1; at >= 0; at -= step) sample = Math.imul(sample, 31) ^ text.charCodeAt(at);
  return sample;
}

function isSame({ fields, count }: Known, input: Fields): boolean {
  let left = count;
  for (const name in input) {
    if (!Object.hasOwn(fields, name) || fields[name] !== input[name]) return false;
    left -= 1;
  }
  return left === 0;
}
