/** What a user may say when starting a run. */

import type { RunEnvironment } from "../environment.ts";
import { FlockError } from "../errors/errors.ts";
import {
  checkOptions,
  functionOption,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  oneOf,
  positiveNumber,
  wholeNumber,
} from "../errors/options.ts";
import { type EventType, eventBits, type FlockEvent } from "../events/event.ts";
import type { JsonObject } from "../json/json.ts";
import type { CacheMode } from "../policy.ts";
import { Call } from "./execution-context.ts";

/** How one run differs from the defaults. */
export interface RunOptions {
  /** Ends the run with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Most milliseconds the whole run may take. @default no limit */
  readonly timeoutMs?: number | undefined;
  /** Most US dollars the run may spend; calls that could spend more are refused. @default no limit */
  readonly budgetUsd?: number | undefined;
  /** Where calls of the run stand when something is scarce; higher goes first. Whole numbers. @default 0 */
  readonly priority?: number | undefined;
  /**
   * What caches do for the run: `use` them; `bypass` them, neither asking nor keeping; `refresh`: ask anew, and keep what
   * comes. Where no cache is on it changes nothing. @default "use"
   */
  readonly cache?: CacheMode | undefined;
  /** Whose run it is: contexts, events and records carry it. @default none */
  readonly tenant?: string | undefined;
  /** Plain JSON that everything in the run can read. @default {} */
  readonly metadata?: JsonObject | undefined;
  /** Is told what happens, as it happens; may throw or be slow without harm to the result. */
  readonly onEvent?: ((event: FlockEvent) => void) | undefined;
  /** The events `onEvent` wants; naming `delta` makes models stream. @default all but `delta` */
  readonly events?: readonly EventType[] | undefined;
  /** The house the run takes place in. @default the process's default one */
  readonly flock?: RunEnvironment | undefined;
}

const nonNegativeNumber: OptionCheck = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? undefined : "a number, 0 or more";
const signalOption: OptionCheck = (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal");
const eventTypesOption: OptionCheck = (value) =>
  Array.isArray(value) && value.every((type) => Object.hasOwn(eventBits, type))
    ? undefined
    : `a list of ${Object.keys(eventBits).join(", ")}`;
const environmentOption: OptionCheck = (value) =>
  typeof (value as RunEnvironment | null)?.planFor === "function" ? undefined : "a Flock";

const checks = {
  signal: signalOption,
  timeoutMs: positiveNumber,
  budgetUsd: nonNegativeNumber,
  priority: wholeNumber(-1_000_000),
  cache: oneOf("use", "bypass", "refresh"),
  tenant: nonEmptyString,
  metadata: objectOption,
  onEvent: functionOption,
  events: eventTypesOption,
  flock: environmentOption,
};

/** @throws option_invalid, with its own sentence for a context given where options belong. */
export function checkRunOptions(name: string, options: RunOptions): void {
  if (options instanceof Call) {
    const message = `${name}.execute starts a run of its own; inside another runnable use context.call(${name}, input) instead`;
    throw new FlockError("option_invalid", message, {
      details: {
        option: "options",
        expected: "run options",
        received: "an ExecutionContext",
        suggestion: "context.call",
      },
    });
  }
  checkOptions(`${name}.execute`, options, checks);
}
