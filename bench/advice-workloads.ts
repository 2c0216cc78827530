/** Programs to advise, each with what is wrong with it: seeded, in virtual time, with the real layers. */

import type { CacheSettings } from "../src/core/cache-settings.ts";
import { FlockError } from "../src/core/errors/errors.ts";
import type { HedgeStep, RetryStep } from "../src/core/recovery-settings.ts";
import type { FlockResources } from "../src/core/resource-settings.ts";
import type { AnyRunnable, ExecutionContext } from "../src/core/runnable.ts";
import { fallback } from "../src/errors/steps/fallback.ts";
import type { Suggestion } from "../src/introspection/advise/suggestion.ts";
import type { TestRuntime } from "../src/testing/test-runtime.ts";
import { modelWorkloads } from "./model-workloads.ts";

/** A program as it is run: a run begins every so often, whether or not the one before has ended. */
export interface AdviceProgram {
  readonly subject: AnyRunnable;
  readonly inputOf: (run: number) => object;
  readonly gapMs: (run: number) => number;
  readonly resources?: FlockResources;
}

/** A program with what should come of advising it. */
export interface AdviceWorkload {
  readonly name: string;
  /** How the id of the advice that should be given begins; undefined where nothing is to be gained. */
  readonly expects: string | undefined;
  /** How the ids of further true advice begin. @default none */
  readonly alsoTrue?: readonly string[];
  /** Its runs change, just as the change is on trial: no forecast can hold. @default false */
  readonly shifts?: boolean;
  readonly make: (runtime: TestRuntime, random: () => number) => AdviceProgram;
  /** The program with the advice followed by hand, where no setting can follow it. */
  readonly changed?: (runtime: TestRuntime, random: () => number, followed: Suggestion) => AdviceProgram;
}

type Perform = (input: { readonly q?: number }, context: ExecutionContext) => Promise<unknown>;

/** Makes a runnable of a function; an agent unless said otherwise. */
export function runnable(name: string, perform: Perform, extra: Partial<AnyRunnable> = {}): AnyRunnable {
  return { kind: "agent", ...extra, name, perform } as unknown as AnyRunnable;
}

const asTool = (name: string, cache?: CacheSettings): Partial<AnyRunnable> => ({
  ...{ kind: "tool", identity: name },
  policy: { idempotent: true, ...(cache === undefined ? {} : { cache }) },
});

/** A latency with the long right side that networks have: log-normal around a median. */
export function latency(random: () => number, medianMs: number, spread = 0.4): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return medianMs * Math.exp(spread * normal);
}

/** How many times slower things are just now: a vendor's slow hours come and go, and last for some fifty runs. */
export function moods(random: () => number, slow: number): () => number {
  let isSlow = random() < 0.5;
  return () => {
    if (random() < 0.02) isSlow = !isSlow;
    return isSlow ? slow : 1;
  };
}

/** A rank drawn from Zipf's distribution over so many. */
function zipf(count: number, exponent: number): (random: () => number) => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= count; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank ** exponent);
  return (random) => {
    const wanted = random() * sums.at(-1)!;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! >= wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** An agent that searches once, perhaps with a cache that is on, and asks its model once. */
function searcher(
  questionOf: (run: number) => number,
  searchMs: () => number,
  modelMs: () => number,
  { recovery, cache }: { readonly recovery?: HedgeStep; readonly cache?: CacheSettings } = {},
): AdviceProgram {
  const search = runnable(
    "search",
    async ({ q }, context) => {
      await context.runtime.sleep(searchMs());
      return { found: q };
    },
    asTool("search", cache),
  );
  const model = runnable(
    "model",
    async (_, context) => {
      await context.runtime.sleep(modelMs());
      return { text: "…" };
    },
    { kind: "model", ...(recovery === undefined ? {} : { policy: { recovery } }) },
  );
  const subject = runnable("agent", async ({ q }, context) => {
    await context.call(search, { q } as never);
    return context.call(model, {} as never);
  });
  return { subject, inputOf: (run) => ({ q: questionOf(run), run }), gapMs: () => 2_000 };
}

/** An agent whose model is slow now and then; it may be asked a second time. */
function slowByChance(random: () => number, afterMs?: number): AdviceProgram {
  return searcher(
    (run) => run,
    () => 50,
    () => (random() < 0.05 ? latency(random, 6_000) : latency(random, 400)),
    afterMs === undefined ? {} : { recovery: { step: "hedge", afterMs, percentile: 95, maxExtra: 1 } },
  );
}

/** An agent that searches for what people typed, each in a way of their own, or in one way with a cache that is on. */
function typed(random: () => number, isAlike: boolean): AdviceProgram {
  const search = runnable(
    "search",
    async (_, context) => {
      await context.runtime.sleep(latency(random, 800));
      return { found: 1 };
    },
    asTool("search", isAlike ? { maxEntries: 64 } : undefined),
  );
  const model = runnable("model", (_, context) => context.runtime.sleep(latency(random, 200)), { kind: "model" });
  const subject = runnable("agent", async ({ q = 0 }, context) => {
    const words = ["where do", "Bees", `number ${q}`, random() < 0.5 ? "live" : "Live"];
    const text = words.join(random() < 0.3 ? "  " : " ");
    const spelt = random() < 0.5 ? text.toUpperCase() : text;
    const asked = isAlike ? spelt.toLowerCase().replace(/\s+/g, " ") : spelt;
    await context.call(search, { question: asked } as never);
    return context.call(model, {} as never);
  });
  return { subject, inputOf: (run) => ({ q: Math.floor(random() * 50), run }), gapMs: () => 2_000 };
}

/** An agent that searches several times: half of it for what is wanted these days, half for what nobody wants again. */
function scanner(random: () => number, searches: number, cache: CacheSettings): AdviceProgram {
  const search = runnable(
    "search",
    async ({ q }, context) => {
      await context.runtime.sleep(latency(random, 100));
      return { found: q };
    },
    asTool("search", cache),
  );
  let asked = 0;
  const subject = runnable("agent", async (_, context) => {
    for (let count = 0; count < searches; count++) {
      asked++;
      const q = random() < 0.5 ? Math.floor(random() * 24) + Math.floor(asked / 200) : 1e6 + asked;
      await context.call(search, { q } as never);
    }
    return {};
  });
  return { subject, inputOf: (run) => ({ run }), gapMs: () => 2_000 };
}

/** A pattern that asks an agent whose model costs by the token, now and then the same. */
function costly(random: () => number, questions: number): AdviceProgram {
  const model = runnable(
    "model",
    async (_, context) => {
      await context.runtime.sleep(latency(random, 500));
      return { tokens: Math.ceil(latency(random, 400)) };
    },
    { kind: "model", costOf: (output) => usageOf((output as { readonly tokens: number }).tokens) },
  );
  const answerer = runnable("answerer", (_, context) => context.call(model, {} as never), { identity: "answerer" });
  const subject = runnable("desk", async ({ q }, context) => {
    await context.call(answerer, { q } as never);
    return context.call(model, {} as never);
  });
  return { subject, inputOf: (run) => ({ q: Math.floor(random() * questions), run }), gapMs: () => 2_000 };
}

/** Gives what so many tokens are and cost. */
export function usageOf(tokens: number) {
  const usage = { inputTokens: tokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  return { usage, costMicroUsd: tokens * 3 };
}

function attempts(maxAttempts: number, baseMs = 100): RetryStep {
  const budget = { budgetPerSuccess: 10, budgetReserve: 1_000 };
  return { step: "retry", maxAttempts, baseMs, maxDelayMs: 10_000, on: undefined, ...budget };
}

function unavailable(): Error {
  return Object.assign(new Error("try again"), { status: 503 });
}

/** A tool that fails at random, or for some questions for good. */
function flaky(random: () => number, failsAt: (q: number) => number, retry: RetryStep): AdviceProgram {
  const fetch = runnable(
    "fetch",
    async ({ q = 0 }, context) => {
      await context.runtime.sleep(latency(random, 150));
      if (random() < failsAt(q)) throw unavailable();
      return { q };
    },
    { kind: "tool", policy: { idempotent: true, recovery: retry } },
  );
  const subject = runnable("agent", async (input, context) => {
    await context.runtime.sleep(100);
    return context.call(fetch, input as never);
  });
  return { subject, inputOf: (run) => ({ q: run * 7_919 }), gapMs: () => 20_000 };
}

/** An agent whose model may be called so often at once, or so often a minute. */
function limited(
  random: () => number,
  gapMs: () => number,
  serviceMs: number,
  limits: FlockResources["model"],
): AdviceProgram {
  const model = runnable(
    "model",
    async (_, context) => {
      await context.runtime.sleep(latency(random, serviceMs, 0.3));
      return { text: "…" };
    },
    { kind: "model" },
  );
  const subject = runnable("agent", (_, context) => context.call(model, {} as never));
  const gap = (): number => -Math.log(1 - random()) * gapMs();
  return { subject, inputOf: (run) => ({ run }), gapMs: gap, resources: { model: limits ?? {} } };
}

/** Two steps that read nothing of each other and a third that reads both. */
function chain(random: () => number, beside: boolean, mood: () => number = () => 1): AdviceProgram {
  const shape = (...names: string[]) => ({
    fields: names.map((name) => ({ name, optional: false })),
    toJsonSchema: () => ({}),
  });
  const step = (name: string, reads: string[], writes: string, ms: number): AnyRunnable =>
    runnable(
      name,
      async (_, context) => {
        await context.runtime.sleep(slower * latency(random, ms));
        return { [writes]: 1 };
      },
      { input: shape(...reads), output: shape(writes) } as never,
    );
  const first = [step("facts", ["topic"], "findings", 500), step("mood", ["topic"], "sentiment", 400)];
  const last = step("writer", ["findings", "sentiment"], "report", 200);
  let slower = 1;
  const subject = runnable(
    "flow",
    async (_, context) => {
      slower = mood();
      const input = { q: random() } as never;
      if (beside) await Promise.all(first.map((one) => context.call(one, input)));
      else for (const one of first) await context.call(one, input);
      return context.call(last, input);
    },
    { kind: "pattern", output: shape("report") } as never,
  );
  return { subject, inputOf: (run) => ({ run }), gapMs: () => 10_000 };
}

/** An agent whose model hangs now and then; it goes on without. It may ask a tool the same again before. */
function hanging(random: () => number, share: number, questions = 0): AdviceProgram {
  const search = runnable(
    "search",
    async ({ q }, context) => {
      await context.runtime.sleep(latency(random, 2_000));
      return { found: q };
    },
    asTool("search"),
  );
  const model = runnable(
    "model",
    async (_, context) => {
      await context.runtime.sleep(random() < share ? 1e7 : latency(random, 800));
      return { text: "…" };
    },
    { kind: "model", policy: { recovery: false, attemptTimeoutMs: 120_000 } },
  );
  const subject = runnable("agent", async (_, context) => {
    if (questions > 0) await context.call(search, { q: Math.floor(random() * questions) } as never);
    return context.call(model, {} as never).catch(() => ({ text: "" }));
  });
  return { subject, inputOf: (run) => ({ run }), gapMs: () => 10_000 };
}

/** A model with its price by the call; it fails a share of its calls, in a time of its own. */
function priced(
  name: string,
  random: () => number,
  medianMs: number,
  failing: number,
  costMicroUsd: number,
): AnyRunnable {
  return runnable(
    name,
    async (_, context) => {
      await context.runtime.sleep(latency(random, medianMs));
      if (random() < failing) throw unavailable();
      return { text: "…" };
    },
    { kind: "model", costOf: () => ({ ...usageOf(1), costMicroUsd }) },
  );
}

/** An agent with two models, the first of which is slow and dear and fails half of the time. */
function fallenBack(random: () => number, swapped: boolean): AdviceProgram {
  const models = [priced("large", random, 1_500, 0.5, 900), priced("small", random, 500, 0.05, 100)];
  const [first, second] = (swapped ? models.reverse() : models) as [AnyRunnable, AnyRunnable];
  const recovery = [attempts(1), fallback(second)];
  const subject = runnable("agent", (_, context) => context.call(first, {} as never), { policy: { recovery } });
  return { subject, inputOf: (run) => ({ run }), gapMs: () => 20_000 };
}

/** A tool that fails in two ways: one passes, the other does not. */
function twoWays(random: () => number, heals: number, maxAttempts: number): AdviceProgram {
  const fetch = runnable(
    "fetch",
    async ({ q = 0 }, context) => {
      await context.runtime.sleep(latency(random, 150));
      if (q % 5 === 0) throw refused();
      if (random() < heals) throw unavailable();
      return { q };
    },
    { kind: "tool", policy: { idempotent: true, recovery: { ...attempts(maxAttempts), on: ["output_invalid"] } } },
  );
  const subject = runnable("agent", (input, context) => context.call(fetch, input as never));
  return { subject, inputOf: (run) => ({ q: run }), gapMs: () => 20_000 };
}

function refused(): FlockError<"output_invalid"> {
  const details = { attempts: 1, fields: [], issues: [] };
  return new FlockError("output_invalid", "never any better", { details: details as never });
}

/** The workloads of the evaluation. */
export const adviceWorkloads: readonly AdviceWorkload[] = [
  {
    name: "repeats: 40 questions, evenly",
    expects: "cache:search",
    make: (_, random) =>
      searcher(
        () => Math.floor(random() * 40),
        () => latency(random, 600),
        () => latency(random, 300),
      ),
  },
  {
    name: "Zipf: 2,000 questions",
    expects: "cache:search",
    make: (_, random) => {
      const draw = zipf(2_000, 1);
      return searcher(
        () => draw(random),
        () => latency(random, 800),
        () => latency(random, 200),
      );
    },
  },
  {
    name: "Zipf, steep: 500 questions",
    expects: "cache:search",
    make: (_, random) => {
      const draw = zipf(500, 1.4);
      return searcher(
        () => draw(random),
        () => latency(random, 400),
        () => latency(random, 400),
      );
    },
  },
  {
    name: "shift: repeats stop as the cache comes",
    expects: "cache:search",
    shifts: true,
    make: (_, random) =>
      searcher(
        (run) => (run < 400 ? run % 20 : 1e6 + run),
        () => latency(random, 600),
        () => latency(random, 300),
      ),
  },
  {
    name: "drift: what is asked moves on",
    expects: "cache:search",
    make: (_, random) =>
      searcher(
        (run) => Math.floor(run / 2 + random() * 30),
        () => latency(random, 600),
        () => latency(random, 300),
      ),
  },
  {
    name: "cost: an agent is asked the same",
    expects: "cache:answerer",
    make: (_, random) => costly(random, 50),
  },
  {
    name: "cache on, too small: Zipf",
    expects: "cache-size:search",
    make: (_, random) => {
      const draw = zipf(300, 0.8);
      return searcher(
        () => draw(random),
        () => latency(random, 800),
        () => latency(random, 200),
        { cache: { maxEntries: 24 } },
      );
    },
  },
  {
    name: "cache on, scans: half is asked once",
    expects: "cache-policy:search",
    make: (_, random) => scanner(random, 8, { maxEntries: 32 }),
  },
  {
    name: "cache on, short-lived: a minute",
    expects: "cache-ttl:search",
    make: (_, random) =>
      searcher(
        () => Math.floor(random() * 50),
        () => latency(random, 800),
        () => latency(random, 200),
        { cache: { ttlMs: 60_000 } },
      ),
  },
  {
    name: "typed: one question in many spellings",
    expects: "cache-key:search",
    alsoTrue: ["cache:search"],
    make: (_, random) => typed(random, false),
    changed: (_, random) => typed(random, true),
  },
  {
    name: "flaky tool, two attempts",
    expects: "retry:fetch",
    make: (_, random) => flaky(random, () => 0.4, attempts(2)),
  },
  {
    name: "flaky tool, long waits",
    expects: "retry:fetch",
    make: (_, random) => flaky(random, () => 0.4, attempts(2, 3_000)),
  },
  {
    name: "broken for good, eight attempts",
    expects: "retry:fetch",
    make: (_, random) => flaky(random, (q) => (q % 3 === 0 ? 1 : 0), attempts(8)),
  },
  { name: "slow tail: hangs", expects: "attempt-timeout:model", make: (_, random) => hanging(random, 0.05) },
  {
    name: "slow tail: by chance",
    expects: "hedge:model",
    make: (_, random) => slowByChance(random),
    changed: (_, random, { evidence }) => slowByChance(random, Number(evidence.afterMs)),
  },
  {
    name: "fallback first",
    expects: "fallback-order:large",
    make: (_, random) => fallenBack(random, false),
    changed: (_, random) => fallenBack(random, true),
  },
  {
    name: "fallback as it should be",
    expects: undefined,
    make: (_, random) => fallenBack(random, true),
  },
  {
    name: "two failures, one of which passes",
    expects: "retry:fetch",
    alsoTrue: ["retry-codes:fetch"],
    make: (_, random) => twoWays(random, 0.4, 2),
  },
  {
    name: "concurrency limit",
    expects: "concurrency:model",
    make: (_, random) => limited(random, () => 550, 1_000, { concurrency: 2 }),
  },
  {
    name: "rate limit",
    expects: "requests:model",
    make: (_, random) => limited(random, () => 1_100, 700, { requests: { perMinute: 56 } }),
  },
  {
    name: "parallelisable chain",
    expects: "independent-steps:flow",
    make: (_, random) => chain(random, false),
    changed: (_, random) => chain(random, true),
  },
  {
    name: "slow hours: repeats",
    expects: "cache:search",
    make: (_, random) => {
      const mood = moods(random, 2);
      return searcher(
        () => Math.floor(random() * 60),
        () => latency(random, 600),
        () => mood() * latency(random, 300),
      );
    },
  },
  {
    name: "slow hours: parallelisable chain",
    expects: "independent-steps:flow",
    make: (_, random) => chain(random, false, moods(random, 2)),
    changed: (_, random) => chain(random, true, moods(random, 2)),
  },
  {
    name: "heavy tail: repeats",
    expects: "cache:search",
    alsoTrue: ["hedge:model"],
    make: (_, random) =>
      searcher(
        () => Math.floor(random() * 60),
        () => latency(random, 400, 1.2),
        () => latency(random, 200, 1),
      ),
  },
  {
    name: "bursts: concurrency limit",
    expects: "concurrency:model",
    make: (_, random) => {
      const mood = moods(random, 4);
      return limited(random, () => 300 * mood(), 1_000, { concurrency: 2 });
    },
  },
  {
    name: "nothing to gain",
    expects: undefined,
    make: (_, random) =>
      searcher(
        (run) => run,
        () => latency(random, 300),
        () => latency(random, 300),
      ),
  },
  {
    name: "nothing to gain: noise alone",
    expects: undefined,
    make: (_, random) =>
      searcher(
        (run) => run,
        () => latency(random, 300, 0.5),
        () => latency(random, 300, 0.5),
      ),
  },
  {
    name: "nothing to gain: cache on, large enough",
    expects: undefined,
    make: (_, random) => {
      const draw = zipf(200, 1);
      return searcher(
        () => draw(random),
        () => latency(random, 600),
        () => latency(random, 300),
        { cache: { maxEntries: 500 } },
      );
    },
  },
  {
    name: "nothing to gain: cache on, nothing comes twice",
    expects: undefined,
    make: (_, random) =>
      searcher(
        (run) => (random() < 0.05 ? run - 3 : run),
        () => latency(random, 600),
        () => latency(random, 300),
        { cache: { maxEntries: 50 } },
      ),
  },
  {
    name: "mixed: repeats and hangs",
    expects: "attempt-timeout:model",
    alsoTrue: ["cache:search"],
    make: (_, random) => hanging(random, 0.04, 40),
  },
  ...modelWorkloads,
];
