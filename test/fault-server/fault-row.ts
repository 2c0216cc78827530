/** One row of the fault matrix: a fault, and what must come of it. */

import type { FailureProgress, FlockErrorCode } from "../../src/core/errors/errors.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Script } from "./fault-server.ts";

/** How an agent is asked. */
export type Way = "execute" | "stream";

/** What may come of a run. `either` allows a valid value or one typed error. */
export type Ending =
  | "value"
  | "value after asking again"
  | "retryable error"
  | "final error"
  | "signal's reason"
  | "either";

/** Who ends a run whose server does not. */
export type Stopper = "abort" | "deadline" | "attempt timeout";

export interface Expectation {
  readonly ends: Ending;
  /** Of errors; one of them where clients differ. @default "model_failed" */
  readonly code?: FlockErrorCode | readonly FlockErrorCode[];
  /** How far the error says that its request had come. @default not looked at */
  readonly progress?: FailureProgress | readonly FailureProgress[];
  /** HTTP status in the error's details; null when there must be none. @default not looked at */
  readonly status?: number | null;
  /** Wait in the error's details; null when there must be none. @default not looked at */
  readonly retryAfterMs?: number | null;
  /** Requests the server must have got. @default 1 */
  readonly requests?: number | "any";
}

/** One fault. */
export interface FaultRow {
  readonly fault: string;
  readonly script: (dialect: Dialect) => Script;
  /** What must come of it; a function where vendors' clients or the ways differ. */
  readonly expected: Expectation | ((dialect: Dialect, way: Way) => Expectation);
  /** @default all */
  readonly vendors?: readonly Dialect["vendor"][];
  /** @default both */
  readonly ways?: readonly Way[];
  /** Who ends a run whose server is silent. @default nobody */
  readonly stoppedBy?: Stopper;
  /** The agent's tool waits until its model's connections are closed. @default false */
  readonly toolWaits?: boolean;
  /** Nobody listens at the server's address any more. @default false */
  readonly gone?: boolean;
}

/** What must come of a run that is ended so. */
export function endedBy(stopper: Stopper): Expectation {
  if (stopper === "abort") return { ends: "signal's reason" };
  return { ends: stopper === "deadline" ? "final error" : "retryable error", code: "timeout" };
}
