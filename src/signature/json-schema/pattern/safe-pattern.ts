/** A pattern from a stranger, matched so that neither it nor the text can hold up the process. */

import { hazardOf } from "./pattern-hazard.ts";
import { patternMachine } from "./pattern-machine.ts";
import { type PatternNode, patternTree } from "./pattern-tree.ts";

const longestSource = 10_000;
/** How many ways to choose among its forms a pattern may have for the backtracking engine. */
const mostForms = 1e5;
/** How many steps backtracking may take in the worst case before the linear matcher is used instead. */
const mostBacktracking = 1e7;

/**
 * A regular expression of ECMA-262 with the `u` flag, unanchored. One that can take exponential time is refused: see
 * `fault`. The others are matched by the platform's engine up to the length at which its worst case stays small, and by a
 * linear matcher beyond.
 */
export class SafePattern {
  readonly source: string;
  /** Why it cannot be used; undefined when it can. */
  readonly fault: string | undefined;
  readonly #tree: PatternNode | undefined;
  readonly #expression: RegExp | undefined;
  readonly #longest: number;
  #machine: ((text: string) => boolean) | undefined;

  constructor(source: string) {
    this.source = source;
    this.#longest = 0;
    if (source.length > longestSource) {
      this.fault = `is longer than ${longestSource} characters`;
      return;
    }
    try {
      this.#expression = new RegExp(source, "u");
    } catch {
      this.fault = "is no regular expression of ECMA-262 with the u flag";
      return;
    }
    try {
      this.#tree = patternTree(source);
      this.fault = hazardOf(this.#tree, source);
      const ways = variableParts(this.#tree) + (isAnchored(this.#tree) ? 0 : 1);
      if (formsOf(this.#tree) <= mostForms) this.#longest = mostBacktracking ** (1 / Math.max(1, ways));
      else if (this.fault === undefined && this.#linear() === undefined) {
        this.fault = "has too many forms for a pattern that looks ahead or back, or refers back";
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.fault = "is nested too deeply";
    }
  }

  /** Tells whether a text can be held to it: any, but for looks and back references in a pattern of many repeats. */
  canTest(text: string): boolean {
    return text.length <= this.#longest || this.#linear() !== undefined;
  }

  /** Tells whether a text matches; no when it cannot be held to it. */
  test(text: string): boolean {
    if (text.length <= this.#longest) return this.#expression!.test(text);
    return this.#linear()?.(text) ?? false;
  }

  #linear(): ((text: string) => boolean) | undefined {
    this.#machine ??= patternMachine(this.#tree!);
    return this.#machine;
  }
}

/** Counts the ways to choose among forms, as if all could read the same text; endless repeats are judged elsewhere. */
function formsOf(node: PatternNode): number {
  if (node.kind === "repeat") return formsOf(node.body) ** (node.most === Number.POSITIVE_INFINITY ? 1 : node.most);
  if (node.kind === "look") return formsOf(node.body);
  if (node.kind === "choice") return node.parts.reduce((sum, part) => sum + formsOf(part), 0);
  return node.kind === "sequence" ? node.parts.reduce((product, part) => product * formsOf(part), 1) : 1;
}

/** Counts the repeats of unknown length that stand together; each may multiply the ways to read a text by its length. */
function variableParts(node: PatternNode): number {
  if (node.kind === "repeat") {
    const times = node.most === Number.POSITIVE_INFINITY ? 1 : Math.max(1, node.most);
    return variableParts(node.body) * times + (node.least === node.most ? 0 : 1);
  }
  if (node.kind === "look") return variableParts(node.body);
  if (node.kind === "choice") return Math.max(...node.parts.map(variableParts));
  if (node.kind !== "sequence") return 0;
  // A look is never gone back into, so those at the start are read one after the other.
  let [looks, parts] = [0, 0];
  for (const part of node.parts) {
    if (part.kind === "look" && parts === 0) looks = Math.max(looks, variableParts(part));
    else parts += variableParts(part);
  }
  return Math.max(looks, parts);
}

function isAnchored(node: PatternNode): boolean {
  if (node.kind === "edge") return node.edge === "start";
  if (node.kind === "choice") return node.parts.every(isAnchored);
  return node.kind === "sequence" && node.parts[0] !== undefined && isAnchored(node.parts[0]);
}
