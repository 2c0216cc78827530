/** Runs an agent many times at once on a model behind a limited server, over a fake clock, until all have ended. */

import { DeclarativeAgent, Flock, type FlockOptions, type RunOptions } from "../../../src/entries/index.ts";
import { createTestRuntime } from "../../../src/entries/testing.ts";
import { type LimitedModelOptions, limitedModel } from "./limited-model.ts";
import type { LimitedServer } from "./limited-server.ts";

export interface LimitedHouseOptions extends LimitedModelOptions {
  readonly seed?: number;
  readonly flock?: FlockOptions;
}

export function limitedFlock(server: LimitedServer, options: LimitedHouseOptions = {}) {
  const runtime = createTestRuntime({ seed: options.seed ?? 1 });
  const limited = limitedModel(runtime, server, options);
  const flock = new Flock({ runtime, model: limited.model, record: false, ...options.flock });
  const agent = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "text: str" });
  const ends: number[] = [];
  const errors: unknown[] = [];
  let running = 0;
  return {
    runtime,
    limited,
    flock,
    agent,
    /** When runs succeeded, by their number. */
    ends,
    errors,
    start(count: number, runOptions: (index: number) => RunOptions = () => ({})): void {
      const first = ends.length;
      for (let index = 0; index < count; index++) {
        running += 1;
        ends.push(Number.NaN);
        flock.run(agent, `topic ${index}`, runOptions(index)).then(
          () => {
            running -= 1;
            ends[first + index] = runtime.monotonic();
          },
          (error: unknown) => {
            running -= 1;
            errors.push(error);
          },
        );
      }
    },
    /** Moves the clock until every run has ended, or by so much. */
    async finish(withinMs = 600_000): Promise<number> {
      const until = runtime.monotonic() + withinMs;
      await runtime.clock.settle();
      while (running > 0 && runtime.monotonic() < until) await runtime.clock.advance(100);
      return Math.max(0, ...ends.filter((end) => !Number.isNaN(end)));
    },
    get running(): number {
      return running;
    },
  };
}
