/** The limits that hold for one manager: its own, and those of every manager above it. */

import type { Limit } from "./limit.ts";

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
  readonly parent: Scope | undefined;
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
  #version = -1;
  readonly #tree: TreeVersion;

  constructor(
    name: string,
    parent: Scope | undefined,
    options: { readonly maxQueue: number; readonly isShared: boolean },
    tree: TreeVersion,
  ) {
    this.name = name;
    this.parent = parent;
    this.maxQueue = options.maxQueue;
    this.sharesOwn = options.isShared;
    this.isShared = options.isShared || parent?.isShared === true;
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

  /** Tells whether it is the other scope or lies below it. */
  isWithin(other: Scope): boolean {
    let scope: Scope | undefined = this;
    while (scope !== undefined && scope !== other) scope = scope.parent;
    return scope !== undefined;
  }

  #refresh(): void {
    this.#path = this.parent === undefined ? this.#own : [...this.#own, ...this.parent.path];
    this.#hasWindows = this.#path.some((limit) => limit.kind === "window");
    this.#version = this.#tree.current;
  }
}
