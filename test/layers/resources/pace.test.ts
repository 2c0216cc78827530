import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdaptiveLimit, Cooldown, readRateHints } from "../../../src/entries/resources.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

describe("AdaptiveLimit", () => {
  /** A server that answers in 100 ms up to its capacity, and slower in proportion beyond. */
  const answer = (limit: AdaptiveLimit, capacity: number, calls: number): void => {
    for (let call = 0; call < calls; call++) {
      const inFlight = limit.limit;
      limit.observe({ durationMs: 100 * Math.max(1, inFlight / capacity), overloaded: false, inFlight });
    }
  };

  it("grows while answers come as fast as usual, up to its bound", () => {
    const limit = new AdaptiveLimit({ initial: 4, max: 50 });
    answer(limit, 1_000, 3_000);
    expect(limit.limit).toBe(50);
  });

  it("stays near what a server bears", () => {
    const limit = new AdaptiveLimit({ initial: 10, max: 1_000 });
    answer(limit, 40, 10_000);
    expect(limit.limit).toBeGreaterThan(30);
    expect(limit.limit).toBeLessThan(120);
  });

  it("backs off once for each round of calls that were in flight together", () => {
    const limit = new AdaptiveLimit({ initial: 100 });
    for (let call = 0; call < 50; call++) limit.observe({ durationMs: 5, overloaded: true });
    expect(limit.limit).toBe(70);
    for (let call = 0; call < 60; call++) limit.observe({ durationMs: 5, overloaded: true });
    expect(limit.limit).toBe(49);
  });

  it("is not fooled by long answers when it knows their tokens", () => {
    const limit = new AdaptiveLimit({ initial: 20, max: 100 });
    for (let call = 0; call < 6_000; call++) {
      const outputTokens = 10 + ((call * 37) % 4_000);
      limit.observe({ durationMs: outputTokens * 12, outputTokens, overloaded: false });
    }
    expect(limit.limit).toBe(100);
  });

  it("learns nothing of what is not used", () => {
    const limit = new AdaptiveLimit({ initial: 20, max: 100 });
    for (let call = 0; call < 100; call++) limit.observe({ durationMs: 100, overloaded: false, inFlight: 3 });
    expect(limit.limit).toBe(20);
  });

  it("comes back after an outage", () => {
    const limit = new AdaptiveLimit({ initial: 40, min: 2, max: 100 });
    for (let call = 0; call < 400; call++) limit.observe({ durationMs: 30_000, overloaded: call % 2 === 0 });
    expect(limit.limit).toBe(2);
    for (let call = 0; call < 3_000; call++) limit.observe({ durationMs: 100, overloaded: false });
    expect(limit.limit).toBeGreaterThan(50);
  });

  it("stays a whole number within its bounds, whatever is observed", () => {
    const figure = fc.oneof(fc.double(), fc.nat(100_000));
    const call = fc.record({
      durationMs: figure,
      outputTokens: fc.option(figure, { nil: undefined }),
      overloaded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(call), fc.integer({ min: 1, max: 20 }), fc.nat(50), (calls, min, more) => {
        const limit = new AdaptiveLimit({ min, max: min + more, initial: min });
        for (const one of calls) {
          const next = limit.observe(one);
          expect(Number.isInteger(next) && next >= min && next <= min + more).toBe(true);
        }
      }),
    );
  });

  it("checks its options", () => {
    expect(() => new AdaptiveLimit({ min: 5, max: 3 })).toThrow('"max" must be at least min, 5');
    expect(() => new AdaptiveLimit({ initial: 0 })).toThrow("initial");
    expect(() => new AdaptiveLimit({ tolernce: 2 } as never)).toThrow("tolerance");
    expect(new AdaptiveLimit({ min: 500 }).limit).toBe(500);
  });
});

describe("Cooldown", () => {
  it("keeps all callers of a key waiting, also when the time moves meanwhile", async () => {
    const runtime = createTestRuntime();
    const cooldown = new Cooldown({ runtime });
    cooldown.hold("gpt", 1_000);
    const times: number[] = [];
    for (let index = 0; index < 3; index++) void cooldown.wait("gpt").then(() => times.push(runtime.monotonic()));
    await cooldown.wait("claude");
    await runtime.clock.advance(500);
    cooldown.hold("gpt", 2_000);
    cooldown.hold("gpt", 10);
    expect(cooldown.remainingMs("gpt")).toBe(2_000);
    runtime.clock.stepWallClock(-1e9);
    await runtime.clock.advance(5_000);
    expect(times).toEqual([2_500, 2_500, 2_500]);
    expect(cooldown.remainingMs("gpt")).toBe(0);
  });

  it("ends a wait with the signal's own reason", async () => {
    const runtime = createTestRuntime();
    const cooldown = new Cooldown({ runtime });
    cooldown.hold("gpt", 1_000);
    const controller = new AbortController();
    const waiting = cooldown.wait("gpt", controller.signal);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    await expect(cooldown.wait("gpt", AbortSignal.abort("before"))).rejects.toBe("before");
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("believes no junk and no eternity, and keeps no more keys than it may", async () => {
    const runtime = createTestRuntime();
    const cooldown = new Cooldown({ runtime, maxMs: 60_000, maxKeys: 3 });
    for (const junk of [Number.NaN, -5, 0, Number.NEGATIVE_INFINITY]) cooldown.hold("gpt", junk);
    expect(cooldown.remainingMs("gpt")).toBe(0);
    cooldown.hold("gpt", Number.POSITIVE_INFINITY);
    expect(cooldown.remainingMs("gpt")).toBe(60_000);
    for (let index = 0; index < 5; index++) cooldown.hold(`key-${index}`, 1_000 + index);
    expect(["key-0", "key-1", "key-2"].map((key) => cooldown.remainingMs(key))).toEqual([0, 0, 0]);
    expect(cooldown.remainingMs("key-4")).toBe(1_004);
    await runtime.clock.advance(2_000);
    cooldown.hold("late", 5);
    expect(cooldown.remainingMs("gpt")).toBe(58_000);
  });

  it("learns from hints: a wait that was asked for, and a limit of which nothing remains", () => {
    const runtime = createTestRuntime();
    const cooldown = new Cooldown({ runtime });
    cooldown.learn("a", { retryAfterMs: 700 });
    cooldown.learn("b", { requests: { remaining: 0, resetMs: 900 }, tokens: { remaining: 5, resetMs: 9_000 } });
    cooldown.learn("c", { tokens: { remaining: 0 }, inputTokens: {} });
    expect(["a", "b", "c"].map((key) => cooldown.remainingMs(key))).toEqual([700, 900, 0]);
  });
});

describe("readRateHints", () => {
  const now = Date.UTC(2026, 0, 1);

  it("reads the headers of OpenAI and those who follow it", () => {
    const headers = {
      "X-RateLimit-Limit-Requests": "60",
      "x-ratelimit-limit-tokens": "150000",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    expect(readRateHints(headers, now)).toEqual({
      requests: { limit: 60, remaining: 59, resetMs: 1_000 },
      tokens: { limit: 150_000, remaining: 0, resetMs: 360_000 },
    });
  });

  it("reads the headers of Anthropic", () => {
    const headers = {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:12Z",
      "anthropic-ratelimit-input-tokens-remaining": "7",
      "anthropic-ratelimit-output-tokens-limit": "8000",
      "retry-after": "12",
    };
    expect(readRateHints(headers, now)).toEqual({
      requests: { limit: 50, remaining: 0, resetMs: 12_000 },
      inputTokens: { remaining: 7 },
      outputTokens: { limit: 8_000 },
      retryAfterMs: 12_000,
    });
    expect(readRateHints({ "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:12Z" })).toEqual({});
  });

  it.each([
    ["20ms", 20],
    ["1.5s", 1_500],
    ["2m59.56s", 179_560],
    ["1h2m3s", 3_723_000],
    ["1d", 86_400_000],
    ["9d", 86_400_000],
    ["30", 30_000],
    ["0.25", 250],
    ["-5s", undefined],
    ["5 s", undefined],
    ["soon", undefined],
    ["", undefined],
    ["2026-13-45T99:00:00Z", undefined],
    ["2025-01-01T00:00:00Z", 0],
    ["1s".repeat(100), undefined],
  ])("reads the reset %s as %s ms", (reset, resetMs) => {
    const hints = readRateHints({ "x-ratelimit-reset-requests": reset }, now);
    expect(hints).toEqual(resetMs === undefined ? {} : { requests: { resetMs } });
  });

  it("throws for nothing, and gives whole numbers or nothing", () => {
    const name = fc.constantFrom(
      "x-ratelimit-limit-requests",
      "x-ratelimit-remaining-tokens",
      "x-ratelimit-reset-tokens",
      "anthropic-ratelimit-tokens-reset",
      "retry-after",
      "__proto__",
    );
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\dhmsd.]{0,20}$/), fc.constant(5), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(name, text), (headers) => {
        for (const hint of Object.values(readRateHints(headers as never, now))) {
          for (const figure of typeof hint === "number" ? [hint] : Object.values(hint)) {
            expect(Number.isSafeInteger(figure) && (figure as number) >= 0).toBe(true);
          }
        }
      }),
    );
    expect(readRateHints(null as never)).toEqual({});
  });
});
