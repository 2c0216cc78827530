/** Metrics by name whose code is imported with the first call: no program needs it to start. Until then, counting waits. */

import type { AgentMetrics } from "../measure/agent-metrics.ts";
import { BoundedNames } from "../measure/bounded-names.ts";

/** What waits to be counted, at most; an import takes a few milliseconds. */
const mostWaiting = 262_144;

type Names = BoundedNames<AgentMetrics>;

/** The metrics of up to so many runnables. */
export class LateMetrics {
  /** The metrics, once their code is there. */
  names: Names | undefined = undefined;
  readonly #limit: number;
  #waiting: ((names: Names) => void)[] = [];
  #isLoading = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts once it can be counted. */
  later(count: (names: Names) => void): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(count);
    if (this.#isLoading) return;
    this.#isLoading = true;
    import("../measure/agent-metrics.ts").then(
      ({ AgentMetrics }) => this.use((name) => new AgentMetrics(name)),
      () => {},
    );
  }

  /** Counts what waits, with metrics made so unless there are some already. */
  use(create: (name: string) => AgentMetrics): Names {
    this.names ??= new BoundedNames(this.#limit, create);
    for (const count of this.#waiting.splice(0)) count(this.names);
    return this.names;
  }

  clear(): void {
    this.#waiting = [];
    this.names?.clear();
  }
}
