/** What we know: an incremental step over events, the same live, over a file and in the browser. */

import type { EventType, FlockEvent } from "./event.ts";

/** Turns events into a state, one at a time. `step` may change and return the same state; it never throws. */
export interface Fold<State> {
  /** Makes a fresh state. */
  initial(): State;
  step(state: State, event: FlockEvent): State;
  /** The types `step` looks at. @default all but `delta` */
  readonly types?: readonly EventType[];
}

/** Runs a fold over recorded events. */
export function foldEvents<State>(fold: Fold<State>, events: Iterable<FlockEvent>): State {
  let state = fold.initial();
  for (const event of events) state = fold.step(state, event);
  return state;
}
