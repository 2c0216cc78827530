/** Tells equal inputs from different ones on the path of every call: far cheaper than the canonical hash, and nothing is kept. */

/** What is kept of an input. */
export interface InputFingerprint {
  /** 53 bits: the same for equal JSON whatever the order of its keys. */
  readonly hash: number;
  /** About how many characters its text has. */
  readonly size: number;
  /** 32 bits: the same also for inputs whose texts of up to 512 characters differ in case and surplus white space alone. */
  readonly loose: number;
}

const longestKey = 64;
const longText = 512;
/** Two spaces side by side; also the bits in which Latin letters differ by case. */
const spaces = 0x0020_0020;
const keptKeys = 4_096;
const worthKeeping = 8;
const mostNodes = 100_000;
const mostCharacters = 4_000_000;

const keyHashes = new Map<string, number>();
const frozenHashes = new WeakMap<
  object,
  { readonly low: number; readonly high: number; readonly loose: number; readonly size: number }
>();
/** The objects around the one being looked at; emptied on the way out, so that nothing is kept. */
const ancestors: (object | undefined)[] = [];
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The two halves of the last hash, and the loose one, small integers: results of the recursion, so that no step allocates. */
let low = 0;
let high = 0;
let loose = 0;
let size = 0;
let nodes = 0;
let depth = 0;
/** Whether the last text was of Latin letters and signs without surplus white space: its loose hash stands. */
let isPlain = true;
/** Whether the last text had characters beyond Latin-1, whose case is in other bits. */
let isWide = false;
let caseBits = spaces;

/**
 * Hashes a JSON value, or gives undefined when it is none (a function, a cycle, NaN) or too large to look at in about a
 * hundredth of a second (100,000 values or 4 million characters). Two values hash alike exactly when `canonicalText`
 * writes them alike, but for one chance in 2^53, between strings that differ in few places one in 2^32.
 *
 * Not for secrets or for keys: it is no cryptographic hash. Deeply frozen objects, such as schemas, are hashed once. The
 * mixing follows cyrb53 (by bryc, public domain) and the finish of MurmurHash3 (A. Appleby, public domain).
 */
export function fingerprintOf(value: unknown): InputFingerprint | undefined {
  size = 0;
  nodes = 0;
  depth = 0;
  try {
    if (!visit(value)) return forget();
  } catch {
    return forget();
  }
  return { hash: (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0), size, loose };
}

function forget(): undefined {
  ancestors.fill(undefined);
}

/** Gives the hash of a value as text, for reports. */
export function fingerprintText(hash: number): string {
  return hash.toString(36).padStart(11, "0");
}

/** Hashes a value into `low` and `high`; false when it cannot be. */
function visit(value: unknown): boolean {
  if (++nodes > mostNodes || size > mostCharacters) return false;
  switch (typeof value) {
    case "string":
      hashString(value, 1);
      if (!isPlain) hashPlainly(value);
      size += value.length + 2;
      return true;
    case "number":
      if (!Number.isFinite(value)) return false;
      float[0] = value + 0;
      if (value === 0) float[0] = 0;
      finish(words[0]! ^ 0x9e3779b9, words[1]! ^ 0x2545f491);
      loose = low;
      size += 6;
      return true;
    case "boolean":
      finish(value ? 0x3c6ef372 : 0x510e527f, 7);
      loose = low;
      size += 5;
      return true;
    case "object":
      if (value === null) {
        finish(0x1f83d9ab, 11);
        loose = low;
        size += 4;
        return true;
      }
      return visitObject(value);
    default:
      return false;
  }
}

function visitObject(value: object): boolean {
  const known = frozenHashes.get(value);
  if (known !== undefined) {
    low = known.low;
    high = known.high;
    loose = known.loose;
    size += known.size;
    return true;
  }
  for (let above = 0; above < depth; above++) if (ancestors[above] === value) return false;
  const sizeBefore = size;
  const nodesBefore = nodes;
  ancestors[depth++] = value;
  const good = Array.isArray(value) ? visitList(value) : visitFields(value);
  ancestors[--depth] = undefined;
  if (good && nodes - nodesBefore >= worthKeeping && isDeeplyFrozen(value)) {
    frozenHashes.set(value, { low, high, loose, size: size - sizeBefore });
  }
  return good;
}

/** Asked only of values that were just visited, so there is no cycle. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return plain && Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

function visitList(list: readonly unknown[]): boolean {
  let first = 0x6a09e667 ^ list.length;
  let second = 0xbb67ae85;
  let third = 0x1f83d9ab ^ list.length;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (!visit(item === undefined ? null : item)) return false;
    first = Math.imul(first ^ low, 2654435761) + high;
    second = Math.imul(second ^ high, 1597334677) + low;
    third = mixedLoosely(third, loose);
  }
  loose = third;
  size += list.length + 1;
  finish(first, second);
  return true;
}

/** Fields are added up, so that their order does not matter. */
function visitFields(value: object): boolean {
  if (value instanceof Uint8Array) return visitBytes(value);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return visit((value as { toJSON(): unknown }).toJSON());
  }
  let first = 0;
  let second = 0;
  let third = 0;
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    const keyHash = hashOfKey(key);
    if (!visit(field)) return false;
    finish(low ^ keyHash, high + Math.imul(keyHash, 0x85ebca6b));
    first = (first + low) | 0;
    second = (second + high) | 0;
    third = (third + mixedLoosely(keyHash, loose)) | 0;
    size += key.length + 4;
  }
  loose = mixedLoosely(third, 0xa54ff53a);
  size += 2;
  finish(first ^ 0x3c6ef372, second ^ 0xa54ff53a);
  return true;
}

function mixedLoosely(hash: number, part: number): number {
  const once = Math.imul(hash ^ (hash >>> 15) ^ part, 0x85ebca6b);
  return Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
}

/** Bytes count like the object their canonical text is. */
function visitBytes(bytes: Uint8Array): boolean {
  return visit({ $bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") });
}

function hashOfKey(key: string): number {
  const known = keyHashes.get(key);
  if (known !== undefined) return known;
  hashString(key, 2);
  if (keyHashes.size < keptKeys && key.length <= longestKey) keyHashes.set(key, low);
  return low;
}

/**
 * Four characters a step in three chains that do not wait for each other; long texts by the platform, which is faster there.
 * The third chain is the loose hash: it leaves out the bit of case, by which a few signs are alike too, such as `[` and `{`.
 */
function hashString(text: string, seed: number): void {
  const { length } = text;
  if (length > longText) {
    const digest = process.getBuiltinModule("node:crypto").hash("sha256", text, "hex");
    finish(Number.parseInt(digest.slice(0, 8), 16) ^ seed, Number.parseInt(digest.slice(8, 16), 16) ^ length);
    loose = low;
    isPlain = true;
    return;
  }
  let first = 0xdeadbeef ^ seed ^ length;
  let second = 0x41c6ce57 ^ seed;
  let third = 0x5be0cd19 ^ length;
  let seen = 0;
  let wide = 0;
  let surplus = 0;
  // Bits 15 and 31 say that a character is a space; before the text stands one.
  let before = 0x8000_0000 | 0;
  let index = 0;
  for (const last = length - 3; index < last; index += 4) {
    const left = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
    const right = text.charCodeAt(index + 2) | (text.charCodeAt(index + 3) << 16);
    first = Math.imul(first ^ left, 2654435761);
    second = Math.imul(second ^ right, 1597334677);
    first ^= first >>> 15;
    second ^= second >>> 13;
    third = Math.imul(third ^ ((left | caseBits) + Math.imul(right | caseBits, 0x5bd1e995)), 0x9e3779b1);
    third ^= third >>> 15;
    // A control character borrows from the bits above its own.
    seen |= (left - spaces) | (right - spaces);
    wide |= left | right;
    const leftGaps = ((left ^ spaces) - 0x0001_0001) & ~(left ^ spaces);
    const rightGaps = ((right ^ spaces) - 0x0001_0001) & ~(right ^ spaces);
    surplus |= leftGaps & ((leftGaps >>> 16) | (before >>> 16));
    surplus |= rightGaps & ((rightGaps >>> 16) | (leftGaps >>> 16));
    before = rightGaps;
  }
  for (; index < length; index++) {
    const code = text.charCodeAt(index);
    first = Math.imul(first ^ code, 2246822507);
    second = Math.imul(second ^ first ^ (first >>> 15), 3266489909);
    third = Math.imul(third ^ (code | (caseBits & 0x20)), 0x85ebca6b);
    third ^= third >>> 13;
    seen |= code - 0x20;
    wide |= code;
    const gap = code === 0x20 ? 0x8000 : 0;
    surplus |= gap & (before >>> 16);
    before = gap << 16;
  }
  isPlain = length === 0 || (((surplus | (before >>> 16)) & 0x8000) === 0 && ((seen | wide) & 0xff00_ff00) === 0);
  isWide = (wide & 0xff00_ff00) !== 0;
  loose = third;
  finish(first, second);
}

/** Hashes a text loosely as it is without case and surplus white space; low and high stay. */
function hashPlainly(text: string): void {
  const exactLow = low;
  const exactHigh = high;
  if (isWide) caseBits = 0;
  const lower = text.toLowerCase();
  hashString(/^\s|\s\s|[^\S ]|\s$/.test(lower) ? lower.replace(/\s+/g, " ").trim() : lower, 1);
  caseBits = spaces;
  low = exactLow;
  high = exactHigh;
}

function finish(first: number, second: number): void {
  const a = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909);
  const b = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  low = a | 0;
  high = b | 0;
}
