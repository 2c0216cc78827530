/** Refuses calls to what keeps failing, and lets a few out after a while to see whether it answers again. */

import { codeOf, FlockError } from "../../../core/errors/errors.ts";
import { checkOptions, functionOption, nonEmptyString, objectOption } from "../../../core/errors/options.ts";
import type { BreakerChangedEvent } from "../../../core/events/event.ts";
import { orEnded } from "../../../core/runtime/or-ended.ts";
import type { Runtime } from "../../../core/runtime/runtime.ts";
import { systemRuntime } from "../../../core/runtime/system-runtime.ts";
import {
  type BreakerSettings,
  breakerChecks,
  type CircuitBreakerSettings,
  type FullBreakerSettings,
  readBreakerSettings,
} from "./breaker-settings.ts";
import { OutcomeWindow } from "./outcome-window.ts";

/** Whether calls go through, are refused, or are tried. */
export type BreakerState = BreakerChangedEvent["to"];

/** What a breaker lives in. */
export interface CircuitBreakerOptions {
  /** @default the system's */
  readonly runtime?: Runtime;
  /** What it stands before; errors name it as `key`. @default "breaker" */
  readonly name?: string;
  /** Is told each change of state. What it throws becomes a process warning. */
  readonly onChange?: (from: BreakerState, to: BreakerState) => void;
  /** Is asked before it opens; `false` puts that off to the next failure. @default always */
  readonly mayOpen?: (evidence: { readonly calls: number; readonly failures: number }) => boolean;
}

/** Leave to make one call; give it back with how the call ended. */
export interface BreakerTicket {
  readonly isProbe: boolean;
}

/**
 * A circuit breaker after M. Nygard, "Release It!" (2007). Closed, it counts: failures in a row, and the share of failures
 * in a sliding window. Open, it refuses. After `openMs` it is half-open: never more than `halfOpenProbes` calls are let out
 * at a time; when so many succeeded it closes, at the first that fails it opens anew.
 *
 * A probe that is cancelled gives its place to another. Calls let out before it last changed between closed and open no
 * longer count, whenever they end. It keeps no timer, and its clock never goes back.
 */
export class CircuitBreaker {
  readonly #runtime: Runtime;
  readonly #name: string;
  readonly #onChange: CircuitBreakerOptions["onChange"];
  readonly #mayOpen: CircuitBreakerOptions["mayOpen"];
  readonly #isFailure: CircuitBreakerSettings["isFailure"];
  #settings: FullBreakerSettings;
  #window: OutcomeWindow | undefined;
  #state: BreakerState = "closed";
  #openedAt = 0;
  #failuresInRow = 0;
  /** What opened it, for the words of refusals. */
  #failures = 0;
  /** The one ticket of all calls since it closed: another one each time, so that late ends are known. */
  #pass: BreakerTicket = { isProbe: false };
  /** Probes that have not ended, with the half-open time they belong to: late ones take places, but decide nothing. */
  readonly #probes = new Map<BreakerTicket, number>();
  #probesPassed = 0;
  #halfOpenings = 0;

  /** @throws option_invalid for unknown or wrong settings and options. */
  constructor(settings: CircuitBreakerSettings = {}, options: CircuitBreakerOptions = {}) {
    const { isFailure, ...rest } = settings ?? {};
    checkOptions("CircuitBreaker", settings, { ...breakerChecks, isFailure: functionOption });
    checkOptions("CircuitBreaker", options, optionChecks);
    this.#settings = readBreakerSettings("CircuitBreaker", rest);
    this.#isFailure = isFailure;
    this.#window = windowFor(this.#settings);
    this.#runtime = options.runtime ?? systemRuntime;
    this.#name = options.name ?? "breaker";
    this.#onChange = options.onChange;
    this.#mayOpen = options.mayOpen;
  }

  /** `open` until `openMs` are over, then `half-open` until probes decide. */
  get state(): BreakerState {
    return this.#state === "open" && this.retryInMs === 0 ? "half-open" : this.#state;
  }

  /** Milliseconds until the first probe may go out; 0 when it is closed or half-open. */
  get retryInMs(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#openedAt + this.#settings.openMs - this.#runtime.monotonic());
  }

  /** What holds now; `Infinity` where nothing is set. */
  get settings(): FullBreakerSettings {
    return this.#settings;
  }

  /**
   * Calls a function unless that is refused, and counts how it ends. An abort of the signal rejects at once, with its own
   * reason, and counts for nothing.
   *
   * @throws circuit_open while open, and while half-open with all probes out; the function is not called then.
   */
  async call<T>(
    run: (signal?: AbortSignal) => T | PromiseLike<T>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const ticket = this.tryEnter();
    if (ticket === undefined) throw this.refusal();
    try {
      const value = await orEnded(run(signal), signal);
      this.succeeded(ticket);
      return value;
    } catch (error) {
      if (signal?.aborted || codeOf(error) === "cancelled") this.abandoned(ticket);
      else if (this.#counts(error)) this.failed(ticket);
      else this.succeeded(ticket);
      throw error;
    }
  }

  /** Tells whether a call would be refused now. */
  get isRefusing(): boolean {
    if (this.#state === "closed") return false;
    if (this.retryInMs > 0) return true;
    return this.#probes.size + (this.#state === "half-open" ? this.#probesPassed : 0) >= this.#settings.halfOpenProbes;
  }

  /** Gives leave for one call, or undefined. Each ticket must come back through `succeeded`, `failed` or `abandoned`. */
  tryEnter(): BreakerTicket | undefined {
    if (this.#state === "closed") return this.#pass;
    if (this.isRefusing) return undefined;
    if (this.#state === "open") {
      this.#probesPassed = 0;
      this.#halfOpenings += 1;
      this.#change("half-open");
    }
    const probe = { isProbe: true };
    this.#probes.set(probe, this.#halfOpenings);
    return probe;
  }

  /** Makes the error of a refused call. */
  refusal(path?: string): FlockError<"circuit_open"> {
    const retryInMs = Math.ceil(this.#state === "open" ? this.retryInMs : this.#settings.openMs);
    const details = { key: this.#name, retryInMs, failures: this.#failures };
    const times = details.failures === 1 ? "once" : `${details.failures} times`;
    const message = `${this.#name} failed ${times}, so it is not called now; wait ${retryInMs} ms, or call something else meanwhile`;
    return new FlockError("circuit_open", message, { details, ...(path === undefined ? {} : { path }) });
  }

  /** Counts a call that was answered. */
  succeeded(ticket: BreakerTicket): void {
    if (ticket === this.#pass && this.#state === "closed") {
      this.#failuresInRow = 0;
      this.#window?.add(this.#runtime.monotonic(), false);
    } else if (this.#endProbe(ticket)) {
      this.#probesPassed += 1;
      if (this.#probesPassed >= this.#settings.halfOpenProbes) this.reset();
    }
  }

  /** Counts a call that failed. */
  failed(ticket: BreakerTicket): void {
    if (ticket === this.#pass && this.#state === "closed") {
      this.#failuresInRow += 1;
      this.#window?.add(this.#runtime.monotonic(), true);
      const enough = this.#enough();
      if (enough > 0) this.#open(enough);
    } else if (this.#endProbe(ticket)) this.#open(this.#failures + 1);
  }

  /** Takes back the ticket of a call that says nothing, such as one that was cancelled. */
  abandoned(ticket: BreakerTicket): void {
    this.#probes.delete(ticket);
  }

  /** Closes it, with nothing counted: what a person does who knows better. */
  reset(): void {
    this.#pass = { isProbe: false };
    this.#failuresInRow = 0;
    this.#window?.clear();
    if (this.#state !== "closed") this.#change("closed");
  }

  /** Puts settings back that held before, whole. */
  restore(settings: FullBreakerSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (settings.windowMs !== before.windowMs || this.#window === undefined) this.#window = windowFor(settings);
    if (this.#state === "half-open" && this.#probesPassed >= settings.halfOpenProbes) this.reset();
  }

  /**
   * Changes settings while it works; what is not named stays. Another `windowMs` begins with an empty window.
   * @throws option_invalid for unknown settings and wrong values; nothing is changed then.
   */
  configure(changes: BreakerSettings): void {
    readBreakerSettings("CircuitBreaker", changes);
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    this.restore({ ...this.#settings, ...Object.fromEntries(given) });
  }

  /** Takes a probe's ticket back; tells whether it decides anything. */
  #endProbe(ticket: BreakerTicket): boolean {
    const halfOpening = this.#probes.get(ticket);
    return this.#probes.delete(ticket) && this.#state === "half-open" && halfOpening === this.#halfOpenings;
  }

  /** The failures that suffice to open it; 0 while they do not. */
  #enough(): number {
    const { consecutiveFailures, failureRate, minimumCalls } = this.#settings;
    const inRow = this.#failuresInRow;
    if (inRow >= consecutiveFailures && this.#mayOpen?.({ calls: inRow, failures: inRow }) !== false) return inRow;
    if (this.#window === undefined) return 0;
    const { calls, failures } = this.#window;
    if (calls < minimumCalls || failures < failureRate * calls) return 0;
    return this.#mayOpen?.({ calls, failures }) === false ? 0 : failures;
  }

  #open(failures: number): void {
    this.#failures = failures;
    this.#openedAt = this.#runtime.monotonic();
    this.#change("open");
  }

  #change(to: BreakerState): void {
    const from = this.#state;
    this.#state = to;
    try {
      this.#onChange?.(from, to);
    } catch (fault) {
      this.#runtime.warn(`onChange of the breaker ${this.#name} broke: ${String(fault)}`, "breaker_listener");
    }
  }

  /** A predicate that throws hides no error: it counts. */
  #counts(error: unknown): boolean {
    try {
      return this.#isFailure?.(error) !== false;
    } catch {
      return true;
    }
  }
}

const optionChecks = { runtime: objectOption, name: nonEmptyString, onChange: functionOption, mayOpen: functionOption };

function windowFor({ failureRate, windowMs }: FullBreakerSettings): OutcomeWindow | undefined {
  return failureRate <= 1 ? new OutcomeWindow(windowMs) : undefined;
}
