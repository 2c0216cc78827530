/** Matches a pattern in time linear in the text, whatever the pattern: all ways are followed at once (Thompson 1968). */

import { PatternSet } from "./pattern-sets.ts";
import type { PatternNode } from "./pattern-tree.ts";

const mostSteps = 20_000;

type Step =
  | { readonly kind: "set"; readonly set: PatternSet }
  | { readonly kind: "edge"; readonly edge: "start" | "end" | "word" | "inWord" }
  | { readonly kind: "split"; to: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "found" };

/** Builds a matcher; undefined for patterns with looks or back references, or more than 20,000 steps once counts are written out. */
export function patternMachine(tree: PatternNode): ((text: string) => boolean) | undefined {
  const writer = new StepWriter();
  if (!writer.write(tree)) return undefined;
  writer.steps.push({ kind: "found" });
  return (text) => run(writer.steps, text);
}

class StepWriter {
  readonly steps: Step[] = [];
  readonly #sets = new Map<string, PatternSet>();

  /** Writes a part; false when that cannot be done. */
  write(node: PatternNode): boolean {
    if (this.steps.length > mostSteps) return false;
    switch (node.kind) {
      case "look":
      case "again":
        return false;
      case "set":
        this.steps.push({ kind: "set", set: this.#setOf(node.source) });
        return true;
      case "edge":
        this.steps.push(node);
        return true;
      case "sequence":
        return node.parts.every((part) => this.write(part));
      case "choice":
        return this.#writeChoice(node.parts);
      case "repeat":
        return this.#writeRepeat(node);
    }
  }

  #setOf(source: string): PatternSet {
    const set = this.#sets.get(source) ?? new PatternSet(source);
    this.#sets.set(source, set);
    return set;
  }

  #writeChoice(parts: readonly PatternNode[]): boolean {
    const ends: { to: number }[] = [];
    for (const [index, part] of parts.entries()) {
      const split = { kind: "split" as const, to: 0 };
      if (index < parts.length - 1) this.steps.push(split);
      if (!this.write(part)) return false;
      const jump = { kind: "jump" as const, to: 0 };
      this.steps.push(jump);
      ends.push(jump);
      split.to = this.steps.length;
    }
    for (const end of ends) end.to = this.steps.length;
    return true;
  }

  #writeRepeat({ body, least, most }: PatternNode & { kind: "repeat" }): boolean {
    for (let count = 0; count < least; count++) {
      const before = this.steps.length;
      if (!this.write(body)) return false;
      // What reads and asks nothing need not be written a billion times.
      if (this.steps.length === before) break;
    }
    if (most === Number.POSITIVE_INFINITY) {
      const split = { kind: "split" as const, to: 0 };
      const back = this.steps.push(split) - 1;
      if (!this.write(body)) return false;
      this.steps.push({ kind: "jump", to: back });
      split.to = this.steps.length;
      return true;
    }
    const splits: { to: number }[] = [];
    for (let count = least; count < most; count++) {
      const split = { kind: "split" as const, to: 0 };
      this.steps.push(split);
      splits.push(split);
      if (!this.write(body)) return false;
    }
    for (const split of splits) split.to = this.steps.length;
    return true;
  }
}

/** Goes through the text once with the list of steps that are possible at each place. */
function run(steps: readonly Step[], text: string): boolean {
  const reachedAt = new Int32Array(steps.length).fill(-1);
  let now: number[] = [];
  for (let at = 0; at <= text.length; ) {
    const codePoint = text.codePointAt(at);
    const place: Place = { text, at, reachedAt, waiting: now };
    for (const step of now.splice(0)) if (follow(steps, step, place)) return true;
    // A match may begin anywhere.
    if (follow(steps, 0, place)) return true;
    if (codePoint === undefined) return false;
    const next: number[] = [];
    for (const step of now) {
      const waiting = steps[step]!;
      if (waiting.kind === "set" && waiting.set.has(codePoint)) next.push(step + 1);
    }
    now = next;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return false;
}

interface Place {
  readonly text: string;
  readonly at: number;
  readonly reachedAt: Int32Array;
  readonly waiting: number[];
}

/** Follows all that reads nothing; true when the pattern ends here. */
function follow(steps: readonly Step[], start: number, place: Place): boolean {
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (place.reachedAt[at] === place.at) continue;
    place.reachedAt[at] = place.at;
    const step = steps[at]!;
    if (step.kind === "found") return true;
    if (step.kind === "set") place.waiting.push(at);
    else if (step.kind === "split") open.push(step.to, at + 1);
    else if (step.kind === "jump") open.push(step.to);
    else if (isEdge(step.edge, place.text, place.at)) open.push(at + 1);
  }
  return false;
}

function isEdge(edge: "start" | "end" | "word" | "inWord", text: string, at: number): boolean {
  if (edge === "start") return at === 0;
  if (edge === "end") return at === text.length;
  return (isWord(text, at - 1) !== isWord(text, at)) === (edge === "word");
}

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text[at]!);
}
