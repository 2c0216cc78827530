/** Counts what came of the calls of the last while, in memory that does not grow with them. */

const sliceCount = 64;

/**
 * A sliding window over outcomes, kept as 64 slices of time as in resilience4j's time-based window (there one a second).
 * Its length lies between 63/64 of the time given and all of it, so nothing older ever counts.
 */
export class OutcomeWindow {
  readonly #sliceMs: number;
  readonly #callsIn = new Uint32Array(sliceCount);
  readonly #failuresIn = new Uint32Array(sliceCount);
  /** The newest slice that anything was counted in, from the clock's zero. */
  #newest = 0;
  #calls = 0;
  #failures = 0;

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / sliceCount;
  }

  get calls(): number {
    return this.#calls;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Counts one outcome at a time that never goes back, and lets go of what became too old. */
  add(now: number, hasFailed: boolean): void {
    const slice = Math.floor(now / this.#sliceMs);
    this.#moveTo(slice);
    const index = slice % sliceCount;
    this.#callsIn[index]! += 1;
    this.#calls += 1;
    if (!hasFailed) return;
    this.#failuresIn[index]! += 1;
    this.#failures += 1;
  }

  clear(): void {
    this.#callsIn.fill(0);
    this.#failuresIn.fill(0);
    this.#calls = 0;
    this.#failures = 0;
  }

  #moveTo(slice: number): void {
    if (slice - this.#newest >= sliceCount) this.clear();
    else {
      for (let old = this.#newest + 1; old <= slice; old++) {
        const index = old % sliceCount;
        this.#calls -= this.#callsIn[index]!;
        this.#failures -= this.#failuresIn[index]!;
        this.#callsIn[index] = 0;
        this.#failuresIn[index] = 0;
      }
    }
    this.#newest = Math.max(this.#newest, slice);
  }
}
