/** A context outside any agent, for testing tools and patterns by themselves. */

import type { FlockEvent } from "../core/events/event.ts";
import type { ExecutionContext, Runnable } from "../core/runnable.ts";
import { Flock, type FlockOptions } from "../flock.ts";
import { createTestRuntime, type TestRuntime } from "./test-runtime.ts";

/** A context whose run goes on until it is ended. */
export interface TestContext {
  readonly context: ExecutionContext;
  readonly runtime: TestRuntime;
  /** What happened so far. */
  readonly events: readonly FlockEvent[];
  /** Ends the run; calls that are still open are cancelled. */
  end(): Promise<void>;
}

/** How a test context begins. */
export interface TestContextOptions extends Omit<FlockOptions, "runtime"> {
  /** @default a new test runtime */
  readonly runtime?: TestRuntime;
}

/** Starts a run in a Flock of its own and gives its context. `context.call` works as inside any runnable. */
export async function createTestContext(options: TestContextOptions = {}): Promise<TestContext> {
  const runtime = options.runtime ?? createTestRuntime();
  const flock = new Flock({ ...options, runtime });
  const events: FlockEvent[] = [];
  const opened = Promise.withResolvers<ExecutionContext>();
  const closed = Promise.withResolvers<object>();
  const outer: Runnable<object, object> = {
    name: "test",
    kind: "pattern",
    perform(_, context) {
      opened.resolve(context);
      return closed.promise;
    },
  };
  const run = flock.run(outer, {}, { onEvent: (event) => void events.push(event) });
  run.catch(opened.reject);
  const context = await opened.promise;
  return {
    context,
    runtime,
    events,
    async end() {
      closed.resolve({});
      await run;
      await flock[Symbol.asyncDispose]();
    },
  };
}
