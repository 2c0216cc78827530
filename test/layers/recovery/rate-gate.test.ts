import { describe, expect, it } from "vitest";
import { defaultRetry } from "../../../src/core/recovery-defaults.ts";
import { type FlockEvent, isFlockError } from "../../../src/entries/index.ts";
import type { Saying } from "./limited-model.ts";
import { limitedFlock } from "./limited-runs.ts";
import {
  closedFor,
  fixedWindow,
  type LimitedServer,
  refuseAlways,
  slidingWindow,
  tokenBucket,
} from "./limited-server.ts";

const answerMs = 200;

interface Limit {
  readonly kind: string;
  /** Least time for a thousand calls at once. */
  readonly boundMs: number;
  make(): LimitedServer;
}

const perWindow = Math.floor(999 / 60) * 1_000;
const limits: readonly Limit[] = [
  { kind: "a token bucket", boundMs: (940 * 1_000) / 60 + answerMs, make: () => tokenBucket(60, 60) },
  { kind: "a sliding window", boundMs: perWindow + answerMs, make: () => slidingWindow(60, 1_000) },
  { kind: "a fixed window", boundMs: perWindow - 300 + answerMs, make: () => fixedWindow(60, 1_000, 300) },
];

describe("a thousand runs at once against a limit of 60 a second that nobody configured", () => {
  const sayings: readonly Saying[] = [
    "nothing",
    "milliseconds",
    "fraction",
    "vendor-headers",
    "seconds",
    "date",
    "junk",
  ];
  for (const { kind, boundMs, make } of limits) {
    for (const saying of sayings) {
      it(`end well on ${kind} that says ${saying}`, async () => {
        const house = limitedFlock(make(), { saying, answerMs });
        house.start(1_000);
        const tookMs = await house.finish();
        expect(house.errors).toEqual([]);
        expect(house.limited.early).toEqual([]);
        // Where the wait is rounded up to a second, each refusal costs up to a second that others could have had.
        const isRounded = saying === "date" || saying === "seconds";
        expect(tookMs / boundMs).toBeLessThan(isRounded ? 1.16 : 1.05);
        expect(house.limited.refused - 940).toBeLessThan(100);
        expect(house.runtime.clock.pendingTimers).toBe(0);
      });
    }
  }
});

describe("the rate of a model", () => {
  it("is found for any limit of any kind: nobody is lost, early or starved, and next to nothing is left unused", async () => {
    const sayings: readonly Saying[] = ["nothing", "milliseconds", "fraction", "vendor-headers"];
    const ratios: number[] = [];
    for (let seed = 1; seed <= 36; seed++) {
      const perSecond = 10 + ((seed * 37) % 110);
      const servers = [
        tokenBucket(perSecond, perSecond),
        slidingWindow(perSecond, 1_000),
        fixedWindow(perSecond, 1_000, (seed * 317) % 1_000),
      ];
      const options = { saying: sayings[seed % 4]!, answerMs, roundTripMs: 1 + ((seed * 7) % 20), seed };
      const house = limitedFlock(servers[seed % 3]!, options);
      house.start(perSecond * 12);
      const ratio = (await house.finish()) / (11_000 + answerMs);
      const where = `seed ${seed}`;
      expect(house.errors, where).toEqual([]);
      expect(house.limited.early, where).toEqual([]);
      expect(house.runtime.clock.pendingTimers, where).toBe(0);
      expect(ratio, where).toBeLessThan(1.25);
      ratios.push(ratio);
    }
    const [median = 0] = ratios.toSorted((a, b) => a - b).slice(ratios.length / 2);
    expect(median).toBeLessThan(1.05);
  }, 120_000);

  it("is learnt anew when the limit is raised, and forgotten when there was none for a while", async () => {
    let server = tokenBucket(10, 10);
    const house = limitedFlock({ ask: (now) => server.ask(now) }, { answerMs });
    house.start(2_000);
    await house.finish(10_000);
    server = tokenBucket(100, 100);
    const tookMs = await house.finish();
    expect(house.errors).toEqual([]);
    expect(tookMs).toBeLessThan(80_000);

    server = tokenBucket(10_000, 10_000);
    await house.runtime.clock.advance(70_000);
    const before = house.runtime.monotonic();
    house.start(300);
    expect((await house.finish()) - before).toBeLessThan(300);
  });

  it("lets the first go first, and who is more important before others, though not for ever", async () => {
    const house = limitedFlock(tokenBucket(5, 5), { answerMs });
    house.start(60, (index) => ({ priority: index >= 40 ? 1 : 0 }));
    await house.finish();
    expect(house.errors).toEqual([]);
    const last = (from: number, to: number) => Math.max(...house.ends.slice(from, to));
    expect(last(40, 60)).toBeLessThan(last(0, 40));

    const fair = limitedFlock(tokenBucket(5, 5), { answerMs });
    fair.start(50);
    for (let second = 0; second < 25; second++) {
      await fair.runtime.clock.advance(1_000);
      fair.start(5, () => ({ priority: 1 }));
    }
    await fair.finish();
    expect(fair.errors).toEqual([]);
    // Five seconds of waiting are worth a step of priority.
    expect(Math.max(...fair.ends.slice(0, 50))).toBeLessThan(25_000);
  });
});

describe("a call that waits for its turn", () => {
  it("is refused at once, with an error of its own, when its turn would come after its deadline", async () => {
    const house = limitedFlock(closedFor(60_000), { saying: "seconds" });
    house.start(1, () => ({ timeoutMs: 5_000 }));
    await house.finish(1_000);
    house.start(1, () => ({ timeoutMs: 5_000 }));
    await house.finish(1_000);
    expect(house.running).toBe(0);
    expect(house.limited.sent).toHaveLength(1);
    expect(house.errors.map((error) => isFlockError(error, "rate_limited"))).toEqual([true, true]);
    expect(house.errors[1]).toMatchObject({ details: { status: 429, progress: "not-sent", retryable: false } });
    expect(String(house.errors[1])).toContain("the turn of this call would come after its deadline");
  });

  it("leaves nothing behind when it is aborted", async () => {
    const house = limitedFlock(tokenBucket(5, 5), { answerMs });
    const controller = new AbortController();
    house.start(200, () => ({ signal: controller.signal }));
    await house.finish(3_000);
    const sent = house.limited.sent.length;
    controller.abort(new Error("enough"));
    await house.runtime.clock.settle();
    expect(house.running).toBe(0);
    expect(new Set(house.errors.map(String))).toEqual(new Set(["Error: enough"]));
    expect(house.runtime.clock.pendingTimers).toBe(0);
    await house.runtime.clock.advance(60_000);
    expect(house.limited.sent).toHaveLength(sent);
    // Whoever comes later finds a line that works.
    house.errors.length = 0;
    house.start(20);
    await house.finish();
    expect(house.errors).toEqual([]);
  });

  it("tells of its wait, which counts as queueing", async () => {
    const house = limitedFlock(tokenBucket(2, 2), { answerMs });
    const waits: string[] = [];
    let queueMs = 0;
    const onEvent = (event: FlockEvent): void => {
      if (event.type === "wait-start" || event.type === "wait-end") waits.push(`${event.type} ${event.resource}`);
      if (event.type === "call-end" && event.kind === "model") queueMs = Math.max(queueMs, event.queueMs);
    };
    house.start(12, () => ({ onEvent }));
    const tookMs = await house.finish();
    const began = waits.filter((wait) => wait === "wait-start rate limit").length;
    expect(began).toBeGreaterThan(5);
    expect(waits.filter((wait) => wait === "wait-end rate limit")).toHaveLength(began);
    expect(queueMs).toBeGreaterThan(tookMs / 2);
  });

  it("waits no second time where a limit is configured", async () => {
    const house = limitedFlock(slidingWindow(20, 1_000), {
      answerMs,
      saying: "fraction",
      flock: { resources: { model: { requests: { perSecond: 20 }, concurrency: 8 } } },
    });
    house.start(200);
    const tookMs = await house.finish();
    expect(house.errors).toEqual([]);
    expect(house.limited.early).toEqual([]);
    expect(tookMs).toBeLessThan(11_000);
    expect(house.limited.refused).toBeLessThan(10);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("shares the line with permits without a deadlock", async () => {
    const house = limitedFlock(tokenBucket(10, 10), {
      answerMs,
      flock: { resources: { model: { concurrency: 4 }, agent: { concurrency: 30 } } },
    });
    house.start(150);
    const tookMs = await house.finish();
    expect(house.errors).toEqual([]);
    expect(tookMs).toBeLessThan(17_000);
  });
});

describe("a model that refuses for ever", () => {
  it("ends a lone call after six requests, spread over a minute", async () => {
    const house = limitedFlock(refuseAlways());
    house.start(1);
    await house.finish();
    expect(house.errors).toHaveLength(1);
    expect(house.errors[0]).toMatchObject({ code: "rate_limited" });
    expect(house.limited.sent).toHaveLength(6);
    expect(house.limited.sent.at(-1)).toBeGreaterThan(60_000);
    expect(house.limited.sent.at(-1)).toBeLessThan(120_000);
    expect(house.runtime.clock.pendingTimers).toBe(0);
  });

  it("ends everyone in bounded time, with few requests in all", async () => {
    const house = limitedFlock(refuseAlways());
    house.start(100);
    await house.finish();
    expect(house.running).toBe(0);
    expect(house.errors).toHaveLength(100);
    expect(house.errors.every((error) => isFlockError(error, "rate_limited"))).toBe(true);
    expect(house.limited.sent.length).toBeLessThan(200);
    expect(house.runtime.monotonic()).toBeLessThan(400_000);
  });

  it("ends one call that is always refused while others come through", async () => {
    let count = 0;
    const house = limitedFlock({
      ask: () => (count++ % 2 === 0 ? { refused: true, freeInMs: 10 } : { refused: false }),
    });
    house.start(1);
    await house.finish();
    expect(house.errors).toEqual([]);
  });

  it("asks no second time where no retry is wanted", async () => {
    const house = limitedFlock(refuseAlways(), { flock: { recovery: { ...defaultRetry, maxAttempts: 1 } } });
    house.start(1);
    await house.finish();
    expect(house.limited.sent).toHaveLength(1);
  });

  it("is believed for an hour at most", async () => {
    const house = limitedFlock(closedFor(1_000), { saying: "eternity" });
    house.start(1);
    await house.finish(2 * 3_600_000);
    expect(house.errors).toEqual([]);
    expect(house.limited.early).toEqual([]);
    expect(house.limited.sent).toHaveLength(2);
    expect(house.limited.sent[1]).toBeLessThan(3_601_000);
  });
});
