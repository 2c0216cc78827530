/** Counts durations in the buckets that Prometheus gets: the same ones for everything that takes time. */

/** Upper bounds of the buckets, in seconds. */
export const boundsSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** Counts of one distribution, one more than there are bounds. */
export class DurationHistogram {
  readonly counts = new Float64Array(boundsSeconds.length + 1);

  /** Counts a duration in milliseconds. */
  record(ms: number): void {
    const seconds = ms / 1_000;
    let bound = 0;
    while (bound < boundsSeconds.length && seconds > boundsSeconds[bound]!) bound++;
    this.counts[bound]!++;
  }
}
