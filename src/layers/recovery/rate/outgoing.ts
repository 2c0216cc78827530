/** What is remembered of a call that was let out, by those who learn from how it ends. */

/** A call that was let out. */
export interface Outgoing {
  readonly at: number;
  /** Which time the limit was open or tried; whoever went out in an earlier one says nothing new by being refused. */
  readonly era: number;
}
