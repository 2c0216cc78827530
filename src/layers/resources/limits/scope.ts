/** The limits that hold for one manager: its own, and those of every manager it lies in. */

import { customDimension, type Limit } from "./limit.ts";

/** Counts changes of limits anywhere in a tree of managers, so that each notices when its path is out of date. */
export interface TreeVersion {
  current: number;
  /** Scopes made so far. */
  scopes: number;
}

/** Own limits and those above, in one list that is made anew only after a change. */
export class Scope {
  readonly id: number;
  readonly name: string;
  /** Itself and every scope it lies in, each once. */
  readonly above: readonly Scope[];
  readonly maxQueue: number;
  /** Its own limits hold for all processes together. */
  readonly sharesOwn: boolean;
  /** It or one above it does. */
  readonly isShared: boolean;
  /** Waiters here and below. */
  queued = 0;
  #own: readonly Limit[] = [];
  #path: readonly Limit[] = [];
  #hasWindows = false;
  #dimensions = 0;
  #version = -1;
  readonly #tree: TreeVersion;

  constructor(
    name: string,
    parents: readonly Scope[],
    options: { readonly maxQueue: number; readonly isShared: boolean },
    tree: TreeVersion,
  ) {
    this.name = name;
    this.above = [...new Set<Scope>([this, ...parents.flatMap((parent) => parent.above)])];
    this.maxQueue = options.maxQueue;
    this.sharesOwn = options.isShared;
    this.isShared = options.isShared || parents.some((parent) => parent.isShared);
    this.#tree = tree;
    tree.scopes += 1;
    this.id = tree.scopes;
  }

  get own(): readonly Limit[] {
    return this.#own;
  }

  set own(limits: readonly Limit[]) {
    // A scope that is being made is in nobody's path yet.
    if (this.#own.length > 0) this.#tree.current += 1;
    this.#own = limits;
  }

  /** All limits a lease of this scope counts in. */
  get path(): readonly Limit[] {
    if (this.#version !== this.#tree.current) this.#refresh();
    return this.#path;
  }

  /** Tells whether any of them needs the exact time. */
  get hasWindows(): boolean {
    if (this.#version !== this.#tree.current) this.#refresh();
    return this.#hasWindows;
  }

  /** Tells whether any of them counts this: tokens, money. */
  counts(dimension: number): boolean {
    if (this.#version !== this.#tree.current) this.#refresh();
    return (this.#dimensions & (1 << dimension)) !== 0;
  }

  /** Names the custom resources that any of them counts. */
  get customNames(): readonly string[] {
    return this.path
      .filter(({ dimension }) => dimension >= customDimension)
      .map(({ name }) => name.slice("custom.".length));
  }

  /** Tells whether it is the other scope or lies below it. */
  isWithin(other: Scope): boolean {
    return this.above.includes(other);
  }

  #refresh(): void {
    this.#path = this.above.flatMap((scope) => scope.own);
    this.#dimensions = this.#path.reduce(
      (bits, { dimension }) => bits | (dimension < customDimension ? 1 << dimension : 0),
      0,
    );
    this.#hasWindows = this.#path.some((limit) => limit.kind === "window");
    this.#version = this.#tree.current;
  }
}
