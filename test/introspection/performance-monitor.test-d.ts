import { expectTypeOf, it } from "vitest";
import type { RunInput } from "../../src/core/door/run.ts";
import type { Runnable } from "../../src/core/runnable.ts";
import { PerformanceMonitor } from "../../src/introspection/watch/performance-monitor.ts";

declare const one: Runnable<{ readonly topic: string }, { readonly summary: string }>;
declare const two: Runnable<{ readonly topic: string; readonly depth: number }, { readonly n: number }>;
declare const nested: Runnable<{ readonly question: { readonly text: string } }, { readonly n: number }>;
declare const list: Runnable<{ readonly words: readonly string[] }, { readonly n: number }>;
declare const open: Runnable<{ readonly anything: unknown }, { readonly n: number }>;

const monitor = new PerformanceMonitor();

it("types the result and the input from the runnable", () => {
  expectTypeOf(monitor.monitorExecution(one, { topic: "AI" })).resolves.toEqualTypeOf<{ readonly summary: string }>();
  expectTypeOf(monitor.monitorExecution(one, "AI")).resolves.toEqualTypeOf<{ readonly summary: string }>();
  expectTypeOf(monitor.monitorExecution(two, { topic: "AI", depth: 2 })).resolves.toEqualTypeOf<{
    readonly n: number;
  }>();
  expectTypeOf<RunInput<typeof list>>().toEqualTypeOf<{ readonly words: readonly string[] } | readonly string[]>();
  expectTypeOf<RunInput<typeof nested>>().toEqualTypeOf<{ readonly question: { readonly text: string } }>();
  expectTypeOf<RunInput<typeof open>>().toEqualTypeOf<{ readonly anything: unknown }>();
});

it("refuses inputs and metrics that do not exist", () => {
  // @ts-expect-error a bare value is of the field's type
  monitor.monitorExecution(one, 3);
  // @ts-expect-error two fields take an object
  monitor.monitorExecution(two, "AI");
  // @ts-expect-error a field is missing
  monitor.monitorExecution(two, { topic: "AI" });
  // @ts-expect-error there is no such metric
  new PerformanceMonitor({ alerts: [{ metric: "p95", above: 1, windowMs: 1_000 }] });
});
