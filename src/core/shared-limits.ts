/** The port for limits that several processes keep together; drivers in `store/` implement it, the limiter stands on it. */

/**
 * What a shared limit counts. `permits` are held and given back; a `window` forgets by time; a `budget` is used up, but
 * for what settling gives back.
 */
export type SharedLimitKind = "permits" | "window" | "budget";

/** One limit, told anew with every question: who asks says how much there is. */
export interface SharedLimit {
  /** Names it among all processes, such as `gpt/tokens.perMinute`. */
  readonly name: string;
  readonly kind: SharedLimitKind;
  /** Whole permits, requests, tokens or micro-dollars. */
  readonly capacity: number;
  /** Length of a window in milliseconds; left out for all else. */
  readonly windowMs?: number;
}

/** What is asked of one limit. */
export interface SharedAsk extends SharedLimit {
  /** A whole number above 0. */
  readonly amount: number;
}

/** Some of what was asked is not free. */
export interface SharedRefusal {
  readonly granted: false;
  /** The first limit that is short. */
  readonly limit: string;
  /** Held permits, what counts in the window, or what is spent and reserved. */
  readonly used: number;
  /** How much of it may come back by settling; 0 for permits. */
  readonly reserved: number;
  /** Milliseconds until time alone can make room, those in line before served; undefined when only giving back can. */
  readonly freesUpInMs: number | undefined;
  /** Tells that no waiting helps: it asks for more than there ever is, or than a budget has left. */
  readonly isFinal: boolean;
}

/** All of it, or nothing. */
export type SharedAnswer = { readonly granted: true } | SharedRefusal;

/** A lease that is alive, with what it still holds. */
export interface SharedLease {
  readonly id: string;
  readonly asks: readonly SharedAsk[];
}

/** What becomes of a lease. */
export interface SharedChange {
  readonly id: string;
  /** What was used in the place of what was asked, by the names of limits. Counts once for a lease. */
  readonly used?: Readonly<Record<string, number>>;
  /**
   * How it ends: `released` gives permits back, and what was not settled counts as used; `cancelled` gives everything back,
   * takes it out of line, and has a question of this id that is still on its way refused.
   */
  readonly end?: "released" | "cancelled";
}

/** One limit now. */
export interface SharedUsage {
  readonly name: string;
  readonly used: number;
  readonly reserved: number;
  /** Processes that stand in line for it. */
  readonly waiting: number;
  /** As in a refusal, for one more unit; 0 when there is one. */
  readonly freesUpInMs: number | undefined;
}

/**
 * Limits that many processes share. Each method is one atomic step on one clock that is the same for all, and is idempotent
 * by the lease's id: asked again after a lost answer, nothing counts twice. Methods reject with `store_failed` when the
 * limits cannot be reached, and never hang.
 *
 * What a process holds that ends without a word frees its permits `leaseMs` after its last `renew`; what it reserved counts
 * as used.
 */
export interface SharedLimits extends AsyncDisposable {
  /** Names it in messages, such as `redis`. */
  readonly name: string;
  /** Milliseconds a permit is held without `renew`. */
  readonly leaseMs: number;
  /** What to do when it cannot be reached: refuse, or go by the limits of this process alone. */
  readonly onUnavailable: "refuse" | "local";
  /**
   * Takes all or nothing. Nobody gets what those before them in line need.
   *
   * @param stands keeps a place in the line of the limit that is short, in order of arrival, as long as it asks at least
   * once a second.
   */
  acquire(id: string, asks: readonly SharedAsk[], stands: boolean): Promise<SharedAnswer>;
  /** Settles and ends leases, in order; those it does not know are ignored. */
  change(changes: readonly SharedChange[]): Promise<void>;
  /** Keeps leases alive; what was forgotten of one meanwhile, or never known, counts again, past the limit if need be. */
  renew(leases: readonly SharedLease[]): Promise<void>;
  /** Measures limits, in the order given. */
  usage(limits: readonly SharedLimit[]): Promise<SharedUsage[]>;
  /** Calls back, as good as it can, with the id of who is next in a line where something came back. Gives the undo. */
  watch(listener: (id: string) => void): () => void;
}
