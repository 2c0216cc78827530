/** What an acquisition gives and takes, as its user sees it. */

/** What a piece of work needs. What is left out is not needed. */
export interface ResourceRequest {
  /** Permits that are held until release. */
  readonly concurrency?: number;
  readonly requests?: number;
  readonly tokens?: number;
  /** Dollars; counted in whole micro-dollars, rounded up. */
  readonly usd?: number;
  /** Units of declared custom resources, held until release. */
  readonly custom?: Readonly<Record<string, number>>;
}

/** How to wait for it. */
export interface AcquireOptions {
  /** Ends the wait; the promise rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whole number; higher goes first. @default 0 */
  readonly priority?: number | undefined;
  /** Longest wait in milliseconds. @default no limit */
  readonly timeoutMs?: number | undefined;
  /**
   * Who asks: owners share fairly, and reports name them. With `/` it is a path such as `run/flow#0/search#0`: the owner
   * above waits for the one below.
   *
   * @default "anonymous"
   */
  readonly owner?: string | undefined;
}

/** What the work took in the end. What is left out was used as it was asked for. */
export interface ActualUse {
  readonly requests?: number;
  readonly tokens?: number;
  readonly usd?: number;
}

/** Resources in use. Take it with `using`, or release it in a `finally`. */
export interface Lease {
  readonly owner: string;
  /**
   * Puts what was used in the place of what was asked: gives the rest back, or charges more, past the limit if need be.
   * Once, before release. What is never settled counts as used.
   *
   * @throws lease_invalid when settled or released before; option_invalid for a wrong figure. Nothing changes then.
   */
  settle(actual: ActualUse): void;
  /**
   * Gives permits back.
   *
   * @throws lease_invalid when released before; nothing changes then.
   */
  release(): void;
  /** Releases it, unless that is done. */
  [Symbol.dispose](): void;
}
