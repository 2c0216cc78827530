/** Guesses when a limit that was reached lets calls through again, where nobody says so. */

/** Vendors count by the second, by the minute and the like: where a guess is near such a time, it is that. Milliseconds. */
const usualWindows = [1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 300_000, 600_000, 3_600_000];
/** From where on a window of more than this share of its time closed is taken for one that opens all at once. */
const mostlyClosed = 0.4;
/** How late the first call after a usual window comes, for what the clocks of both sides differ by. */
const lateMs = 2;
const firstProbeMs = 50;
const longestGapMs = 60_000;
/** How exactly a window is searched for. */
const exactly = 0.01;

/** The times at which single calls ask whether a limit has opened. */
export class Reopening {
  /** When the next one may ask. */
  probeAt: number;
  #closedAt: number;
  #openedAt: number;
  #gapMs = firstProbeMs;
  /** Times from opening to opening: too short ones, and the shortest that was enough. */
  #tooShortMs = 0;
  #enoughMs = Number.POSITIVE_INFINITY;
  #isWindow = false;
  /** The time closed is what was asked for, not what it had to be. */
  #wasAnnounced = false;
  #openings = 0;

  constructor(now: number) {
    this.#closedAt = now;
    this.#openedAt = now;
    this.probeAt = now + firstProbeMs;
  }

  /** How long a window is, when the limit opens all at once. */
  get windowMs(): number | undefined {
    return this.#isWindow && this.#openings > 1 ? this.#target() : undefined;
  }

  /** The window is one that vendors count by. */
  get isUsual(): boolean {
    return this.#usual() !== undefined;
  }

  /**
   * The limit was reached.
   *
   * @param gapMs how long one call more takes to be free, as far as is known.
   * @param isFull as many came through as do in a window.
   */
  closed(at: number, gapMs: number, isFull: boolean): void {
    this.#closedAt = at;
    this.#gapMs = Math.max(1, gapMs);
    this.probeAt = at + this.#gapMs;
    if (this.#isWindow && isFull) this.probeAt = Math.max(this.probeAt, this.#openedAt + this.#target());
  }

  /** One that asked was refused. @param stretch how much later than it the next asks, as a ratio. */
  failed(at: number, now: number, stretch: number): void {
    this.#tooShortMs = at - this.#openedAt;
    const enoughAt = this.#openedAt + this.#enoughMs;
    const age = at - this.#closedAt;
    if (this.#isWindow && this.#enoughMs < Number.POSITIVE_INFINITY) {
      const step = exactly * this.#enoughMs;
      this.probeAt = enoughAt > now ? enoughAt : Math.max(now + step, this.#closedAt + age * (1 + 2 * exactly));
    } else {
      const nextMs = Math.min(age * stretch, age + longestGapMs);
      this.probeAt = Math.max(now + this.#gapMs / 2, this.#closedAt + nextMs);
    }
  }

  /** Calls that went out before anybody counted are still being refused. */
  stillClosed(now: number): void {
    this.#closedAt = now;
    this.probeAt = now + firstProbeMs;
  }

  /** Whoever refused says when. */
  announced(at: number): void {
    this.probeAt = at;
    this.#wasAnnounced = true;
  }

  /** One that asked came through. */
  opened(at: number): void {
    const closedMs = at - this.#closedAt;
    const periodMs = at - this.#openedAt;
    this.#openings += 1;
    if (this.#openings === 1) {
      // Since when the window ran before nobody counted; that it is longer than it was closed is sure.
      this.#isWindow = true;
      this.#tooShortMs = closedMs * 0.8;
    } else {
      this.#isWindow = closedMs >= mostlyClosed * periodMs;
      if (this.#wasAnnounced) this.#tooShortMs = periodMs / 2;
      if (this.#tooShortMs >= periodMs) this.#tooShortMs = periodMs * (1 - 4 * exactly);
      this.#enoughMs = periodMs;
    }
    this.#openedAt = at;
    this.#wasAnnounced = false;
  }

  #target(): number {
    const usual = this.#usual();
    if (usual !== undefined) return usual + lateMs;
    if (this.#enoughMs === Number.POSITIVE_INFINITY) return this.#tooShortMs / 0.8;
    return this.#enoughMs - this.#tooShortMs > exactly * this.#enoughMs
      ? (this.#tooShortMs + this.#enoughMs) / 2
      : this.#enoughMs;
  }

  #usual(): number | undefined {
    const from = this.#tooShortMs - lateMs;
    const to = Math.min(this.#enoughMs, this.#tooShortMs * 2);
    return usualWindows.find((window) => window > from && window <= to);
  }
}
