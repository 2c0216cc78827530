/** Counts the calls of one runnable by what they had in common, in fixed memory: what may explain why some fail. */

const mostNames = 16;
const otherName = "other";
const sizes = 48;
const crowds = 12;
const spells = 48;
const hourMs = 3_600_000;

/** What is known of a call that may have to do with its failing. */
export interface CallTraits {
  /** Name of its caller; undefined for an outermost call. */
  readonly caller: string | undefined;
  /** The model it last called itself. */
  readonly model: string | undefined;
  /** The tool it last called itself. */
  readonly tool: string | undefined;
  /** About how many characters the input has, of the nearest caller that is no model; undefined when that is not known. */
  readonly inputSize: number | undefined;
  /** Open calls of the runnable when it began, itself included. */
  readonly concurrency: number;
}

/** Counts by name: the first sixteen, the rest together. */
export type NameCounts = Map<string, number>;

/** Counts of some calls of one runnable. */
export class CallFactors {
  total = 0;
  readonly callers: NameCounts = new Map();
  readonly models: NameCounts = new Map();
  readonly tools: NameCounts = new Map();
  /** Place `n` holds inputs from 2^(n/2) characters on. */
  readonly sizes = new Uint32Array(sizes);
  /** Place `n` holds calls beside about 2^(n/2) others. */
  readonly crowds = new Uint32Array(crowds);
  readonly hours = new Uint32Array(24);
  /** The last 48 spells of time, each with the number of its first millisecond over its length. */
  readonly spells = new Uint32Array(spells);
  readonly spellNumbers = new Float64Array(spells).fill(Number.NEGATIVE_INFINITY);
  firstAt = Number.POSITIVE_INFINITY;
  lastAt = Number.NEGATIVE_INFINITY;

  add(call: CallTraits, time: number, spellMs: number): void {
    this.total++;
    if (call.caller !== undefined) countName(this.callers, call.caller);
    if (call.model !== undefined) countName(this.models, call.model);
    if (call.tool !== undefined) countName(this.tools, call.tool);
    if (call.inputSize !== undefined) this.sizes[stepOf(call.inputSize, sizes)]!++;
    this.crowds[stepOf(call.concurrency, crowds)]!++;
    if (!Number.isFinite(time)) return;
    this.hours[((Math.floor(time / hourMs) % 24) + 24) % 24]!++;
    this.firstAt = Math.min(this.firstAt, time);
    this.lastAt = Math.max(this.lastAt, time);
    const spell = Math.floor(time / spellMs);
    const place = ((spell % spells) + spells) % spells;
    if (this.spellNumbers[place]! > spell) return;
    if (this.spellNumbers[place] !== spell) this.spells[place] = 0;
    this.spellNumbers[place] = spell;
    this.spells[place]!++;
  }

  /** Gives the count of a spell; 0 when it is not kept. */
  spell(number: number): number {
    const place = ((number % spells) + spells) % spells;
    return this.spellNumbers[place] === number ? this.spells[place]! : 0;
  }
}

/** Gives the lowest value of a step. */
export function stepFloor(step: number): number {
  return Math.ceil(2 ** (step / 2));
}

/** Two steps to a doubling. */
function stepOf(value: number, steps: number): number {
  const step = value <= 1 ? 0 : Math.floor(2 * Math.log2(value) + 1e-9);
  return step >= 0 ? Math.min(steps - 1, step) : 0;
}

function countName(counts: NameCounts, name: string): void {
  const known = counts.get(name);
  if (known !== undefined) counts.set(name, known + 1);
  else if (counts.size < mostNames) counts.set(name, 1);
  else counts.set(otherName, (counts.get(otherName) ?? 0) + 1);
}
