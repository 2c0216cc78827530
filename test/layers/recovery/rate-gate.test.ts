import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, type FlockOptions } from "../../../src/entries/index.ts";
import { createTestRuntime } from "../../../src/entries/testing.ts";
import { type LimitedModelOptions, limitedModel, type Saying } from "./limited-model.ts";
import { fixedWindow, type LimitedServer, slidingWindow, tokenBucket } from "./limited-server.ts";

const agent = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "text: str" });

interface Limits {
  readonly perSecond: number;
  readonly kind: string;
  /** Least time for so many calls. */
  boundMs(calls: number): number;
  make(): LimitedServer;
}

const answerMs = 200;
const servers: readonly Limits[] = [
  {
    kind: "a token bucket",
    perSecond: 60,
    boundMs: (calls) => ((calls - 60) * 1_000) / 60 + answerMs,
    make: () => tokenBucket(60, 60),
  },
  {
    kind: "a sliding window",
    perSecond: 60,
    boundMs: (calls) => Math.floor((calls - 1) / 60) * 1_000 + answerMs,
    make: () => slidingWindow(60, 1_000),
  },
  ...[300, 600].map((phaseMs) => ({
    kind: `a fixed window, ${phaseMs} ms in`,
    perSecond: 60,
    boundMs: (calls: number) => Math.floor((calls - 1) / 60) * 1_000 - phaseMs + answerMs,
    make: () => fixedWindow(60, 1_000, phaseMs),
  })),
];

async function runAll(
  server: LimitedServer,
  calls: number,
  options: LimitedModelOptions & { readonly seed?: number; readonly flock?: FlockOptions } = {},
) {
  const runtime = createTestRuntime({ seed: options.seed ?? 1 });
  const limited = limitedModel(runtime, server, { answerMs, ...options });
  const flock = new Flock({ runtime, model: limited.model, record: false, ...options.flock });
  const ends: number[] = [];
  const results = Array.from({ length: calls }, (_, index) =>
    flock.run(agent, `topic ${index}`).then((value) => {
      ends[index] = runtime.monotonic();
      return value;
    }),
  );
  const all = Promise.allSettled(results);
  let isDone = false;
  void all.then(() => {
    isDone = true;
  });
  while (!isDone && runtime.monotonic() < 600_000) await runtime.clock.advance(250);
  const settled = await all;
  const errors = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  return { runtime, limited, errors, ends, tookMs: Math.max(0, ...ends) };
}

describe("a limit that nobody configured", () => {
  const sayings: readonly Saying[] = [
    "nothing",
    "milliseconds",
    "fraction",
    "vendor-headers",
    "seconds",
    "date",
    "junk",
  ];
  for (const server of servers) {
    for (const saying of sayings) {
      it(`ends 1,000 runs at once well, on ${server.kind} that says ${saying}`, async () => {
        const { limited, errors, tookMs, runtime } = await runAll(server.make(), 1_000, { saying });
        const ratio = tookMs / server.boundMs(1_000);
        if (process.env.SHOW) console.log(server.kind, saying, tookMs, ratio.toFixed(3), limited.refused - 940);
        expect(errors).toEqual([]);
        expect(limited.early).toEqual([]);
        expect(runtime.clock.pendingTimers).toBe(0);
      });
    }
  }
});
