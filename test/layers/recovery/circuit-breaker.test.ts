import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../../src/core/errors/errors.ts";
import type { CircuitBreakerSettings } from "../../../src/layers/recovery/breaker/breaker-settings.ts";
import {
  type BreakerState,
  type BreakerTicket,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from "../../../src/layers/recovery/breaker/circuit-breaker.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

const boom = new Error("boom");
const fail = () => Promise.reject(boom);
const answer = () => Promise.resolve("yes");

function make(settings: CircuitBreakerSettings, options: CircuitBreakerOptions = {}) {
  const runtime = createTestRuntime();
  const changes: string[] = [];
  const onChange = (from: BreakerState, to: BreakerState) => void changes.push(`${from} > ${to}`);
  return { runtime, changes, breaker: new CircuitBreaker(settings, { runtime, onChange, ...options }) };
}

async function failTimes(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.call(fail)).rejects.toBe(boom);
}

describe("a circuit breaker", () => {
  it("opens after failures in a row, refuses, and closes when a probe succeeds", async () => {
    const { breaker, runtime, changes } = make({ consecutiveFailures: 3, openMs: 1000, halfOpenProbes: 1 });
    await failTimes(breaker, 2);
    await breaker.call(answer);
    await failTimes(breaker, 2);
    expect(breaker.state).toBe("closed");
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
    await runtime.clock.advance(999);
    let called = false;
    const refused = breaker.call(async () => {
      called = true;
    });
    await expect(refused).rejects.toMatchObject({
      code: "circuit_open",
      details: { key: "breaker", retryInMs: 1, failures: 3 },
      message: expect.stringContaining("wait 1 ms"),
    });
    expect(called).toBe(false);
    expect(breaker.retryInMs).toBe(1);
    await runtime.clock.advance(1);
    expect(breaker.state).toBe("half-open");
    expect(breaker.retryInMs).toBe(0);
    expect(await breaker.call(answer)).toBe("yes");
    expect(breaker.state).toBe("closed");
    expect(changes).toEqual(["closed > open", "open > half-open", "half-open > closed"]);
    await failTimes(breaker, 2);
    expect(breaker.state).toBe("closed");
  });

  it("opens anew, for the whole time, when a probe fails", async () => {
    const { breaker, runtime } = make({ consecutiveFailures: 1, openMs: 1000 });
    await failTimes(breaker, 1);
    await runtime.clock.advance(1500);
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
    expect(breaker.retryInMs).toBe(1000);
    await expect(breaker.call(answer)).rejects.toMatchObject({ details: { failures: 2 } });
  });

  it("opens by the share of failures once enough calls were made, and forgets what is too old", async () => {
    const { breaker, runtime } = make({ failureRate: 0.5, windowMs: 6400, minimumCalls: 4 });
    await failTimes(breaker, 3);
    expect(breaker.state).toBe("closed");
    await runtime.clock.advance(6400);
    await failTimes(breaker, 1);
    for (let i = 0; i < 3; i++) await breaker.call(answer);
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("closed");
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
  });

  it("lets no more probes out than declared, and closes when so many succeeded", async () => {
    const { breaker, runtime } = make({ consecutiveFailures: 1, halfOpenProbes: 2 });
    await failTimes(breaker, 1);
    await runtime.clock.advance(1000);
    const first = breaker.tryEnter()!;
    const second = breaker.tryEnter()!;
    expect(first.isProbe).toBe(true);
    expect(breaker.tryEnter()).toBeUndefined();
    expect(breaker.refusal().details.retryInMs).toBe(1000);
    breaker.succeeded(first);
    breaker.succeeded(first);
    expect(breaker.state).toBe("half-open");
    expect(breaker.tryEnter()).toBeUndefined();
    breaker.abandoned(second);
    const third = breaker.tryEnter()!;
    expect(breaker.tryEnter()).toBeUndefined();
    breaker.succeeded(third);
    expect(breaker.state).toBe("closed");
  });

  it("gives the place of an aborted probe to another, and rejects with the signal's own reason at once", async () => {
    const { breaker, runtime } = make({ consecutiveFailures: 1 });
    await failTimes(breaker, 1);
    await runtime.clock.advance(1000);
    const controller = new AbortController();
    const reason = new Error("enough");
    const probe = breaker.call(() => new Promise(() => {}), { signal: controller.signal });
    await expect(breaker.call(answer)).rejects.toMatchObject({ code: "circuit_open" });
    controller.abort(reason);
    await expect(probe).rejects.toBe(reason);
    expect(await breaker.call(answer)).toBe("yes");
    expect(breaker.state).toBe("closed");
    await expect(breaker.call(answer, { signal: controller.signal })).rejects.toBe(reason);
  });

  it("counts neither aborts nor what is declared to be none of its faults", async () => {
    const { breaker } = make({ consecutiveFailures: 1, isFailure: (error) => error !== boom });
    await failTimes(breaker, 3);
    const abort = new DOMException("stop", "AbortError");
    await expect(breaker.call(() => Promise.reject(abort))).rejects.toBe(abort);
    expect(breaker.state).toBe("closed");
    const other = new Error("other");
    await expect(breaker.call(() => Promise.reject(other))).rejects.toBe(other);
    expect(breaker.state).toBe("open");
  });

  it("hides no error behind a predicate or a listener that throws", async () => {
    const runtime = createTestRuntime();
    const throwing = () => {
      throw new Error("mine");
    };
    const breaker = new CircuitBreaker(
      { consecutiveFailures: 1, isFailure: throwing },
      { runtime, name: "m", onChange: throwing },
    );
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
    expect(runtime.warnings).toEqual([
      { code: "breaker_listener", message: "onChange of the breaker m broke: Error: mine" },
    ]);
  });

  it("leaves no rejection behind when a function aborts its own signal and throws", async () => {
    const { breaker } = make({});
    const controller = new AbortController();
    const call = breaker.call(
      () => {
        controller.abort(new Error("own"));
        throw boom;
      },
      { signal: controller.signal },
    );
    await expect(call).rejects.toBe(boom);
    expect(await breaker.call(answer, { signal: new AbortController().signal })).toBe("yes");
  });

  it("ignores late ends of calls from before it opened, failed and answered alike", async () => {
    const { breaker, runtime } = make({ consecutiveFailures: 2, halfOpenProbes: 1 });
    const old = [breaker.tryEnter()!, breaker.tryEnter()!, breaker.tryEnter()!, breaker.tryEnter()!];
    breaker.failed(old[0]!);
    breaker.failed(old[1]!);
    expect(breaker.state).toBe("open");
    breaker.succeeded(old[2]!);
    expect(breaker.state).toBe("open");
    await runtime.clock.advance(1000);
    const probe = breaker.tryEnter()!;
    breaker.succeeded(old[2]!);
    breaker.failed(old[3]!);
    expect(breaker.state).toBe("half-open");
    breaker.succeeded(probe);
    breaker.failed(old[2]!);
    breaker.failed(old[3]!);
    expect(breaker.state).toBe("closed");
  });

  it("is reset by a person, and changes its settings while it works", async () => {
    const { breaker, runtime, changes } = make({ consecutiveFailures: 3, openMs: 1000, halfOpenProbes: 3 });
    await failTimes(breaker, 2);
    breaker.configure({ consecutiveFailures: 2, openMs: 500 });
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
    expect(breaker.retryInMs).toBe(500);
    breaker.reset();
    expect(changes).toEqual(["closed > open", "open > closed"]);
    await failTimes(breaker, 2);
    await runtime.clock.advance(500);
    for (const ticket of [breaker.tryEnter()!, breaker.tryEnter()!]) breaker.succeeded(ticket);
    expect(breaker.state).toBe("half-open");
    breaker.configure({ halfOpenProbes: 2 });
    expect(breaker.state).toBe("closed");
    expect(breaker.settings).toMatchObject({ consecutiveFailures: 2, openMs: 500, halfOpenProbes: 2 });
    breaker.configure({ consecutiveFailures: 100, failureRate: 1, minimumCalls: 2 });
    await failTimes(breaker, 2);
    expect(breaker.state).toBe("open");
  });

  it("puts opening off while it may not open", async () => {
    let may = false;
    const evidence: unknown[] = [];
    const { breaker } = make(
      { consecutiveFailures: 2, failureRate: 0.5, minimumCalls: 3 },
      { mayOpen: (said) => evidence.push(said) > 0 && may },
    );
    await failTimes(breaker, 2);
    expect(breaker.state).toBe("closed");
    await failTimes(breaker, 1);
    may = true;
    await failTimes(breaker, 1);
    expect(breaker.state).toBe("open");
    expect(evidence).toEqual([2, 3, 3, 4].map((count) => ({ calls: count, failures: count })));
  });

  it("refuses wrong settings when it is made or changed", () => {
    const wrong: Record<string, unknown>[] = [
      { consecutiveFailures: 0 },
      { consecutiveFailures: 1.5 },
      { failureRate: 0 },
      { failureRate: 1.1 },
      { windowMs: -1 },
      { minimumCalls: 0 },
      { openMs: 0 },
      { openMs: Number.NaN },
      { halfOpenProbes: 0 },
      { isFailure: 1 },
      { openMillis: 1 },
    ];
    const made = new CircuitBreaker();
    for (const settings of wrong) {
      expect(() => new CircuitBreaker(settings)).toThrow(expect.objectContaining({ code: "option_invalid" }));
      if (!("isFailure" in settings)) expect(() => made.configure(settings)).toThrow(/CircuitBreaker/);
    }
    expect(() => new CircuitBreaker(null as never)).toThrow(/an object/);
    expect(() => new CircuitBreaker({}, { clock: 1 } as never)).toThrow(/no option "clock"/);
    expect(made.settings).toMatchObject({ consecutiveFailures: 5, openMs: 1000, halfOpenProbes: 1 });
  });

  it("takes the system's clock when none is given", async () => {
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openMs: 60_000 });
    await failTimes(breaker, 1);
    const error = await breaker.call(answer).catch((caught) => caught);
    expect(isFlockError(error, "circuit_open")).toBe(true);
    expect(error.details.retryInMs).toBeGreaterThan(50_000);
  });
});

/** The rules written down as naively as can be: every outcome is kept, nothing is counted ahead. */
class NaiveBreaker {
  state: BreakerState = "closed";
  openedAt = 0;
  era = 0;
  /** The time each probe still out was let out in. */
  out: number[] = [];
  probesPassed = 0;
  outcomes: { readonly slice: number; readonly failed: boolean }[] = [];
  inRow = 0;

  readonly settings: { consecutiveFailures: number; failureRate: number; minimumCalls: number; probes: number };
  readonly windowMs = 640;
  readonly openMs = 500;

  constructor(settings: NaiveBreaker["settings"]) {
    this.settings = settings;
  }

  enter(now: number): number | undefined {
    if (this.state === "closed") return this.era;
    if (this.state === "open" && now < this.openedAt + this.openMs) return undefined;
    const passed = this.state === "open" ? 0 : this.probesPassed;
    if (this.out.length + passed >= this.settings.probes) return undefined;
    if (this.state === "open") this.#become("half-open");
    this.out.push(this.era);
    return this.era;
  }

  end(era: number, how: "succeeded" | "failed" | "abandoned", now: number): void {
    if (this.out.includes(era)) this.out.splice(this.out.indexOf(era), 1);
    if (era !== this.era || this.state === "open") return;
    if (this.state === "half-open") {
      if (how === "failed") this.#open(now);
      else if (how === "succeeded" && ++this.probesPassed === this.settings.probes) this.#become("closed");
      return;
    }
    if (how === "abandoned") return;
    const slice = Math.floor((now * 64) / this.windowMs);
    this.outcomes.push({ slice, failed: how === "failed" });
    this.inRow = how === "failed" ? this.inRow + 1 : 0;
    if (how === "succeeded") return;
    const recent = this.outcomes.filter((outcome) => outcome.slice > slice - 64);
    const failures = recent.filter(({ failed }) => failed).length;
    const { consecutiveFailures, failureRate, minimumCalls } = this.settings;
    const byRate = recent.length >= minimumCalls && failures >= failureRate * recent.length;
    if (this.inRow >= consecutiveFailures || byRate) this.#open(now);
  }

  #open(now: number): void {
    this.openedAt = now;
    this.#become("open");
  }

  #become(state: BreakerState): void {
    this.state = state;
    this.era += 1;
    this.probesPassed = 0;
    this.outcomes = [];
    this.inRow = 0;
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: "enter" } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("succeeded" as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("failed" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abandoned" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 900 }) }) },
);

describe("a circuit breaker in any schedule", () => {
  it("is in the state, and lets out the calls, that a naive model says", async () => {
    const settings = fc.record({
      consecutiveFailures: fc.integer({ min: 1, max: 6 }),
      failureRate: fc.constantFrom(0.25, 0.5, 0.8, 1),
      minimumCalls: fc.integer({ min: 1, max: 8 }),
      probes: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, { maxLength: 120 }), async (declared, steps) => {
        const runtime = createTestRuntime();
        const { probes, ...rest } = declared;
        const breaker = new CircuitBreaker(
          { ...rest, windowMs: 640, openMs: 500, halfOpenProbes: probes },
          { runtime },
        );
        const model = new NaiveBreaker(declared);
        const out: { readonly ticket: BreakerTicket; readonly era: number }[] = [];
        for (const one of steps) {
          const now = runtime.monotonic();
          if (one.do === "wait") await runtime.clock.advance(one.ms);
          else if (one.do === "enter") {
            const ticket = breaker.tryEnter();
            const era = model.enter(now);
            expect(ticket === undefined).toBe(era === undefined);
            if (ticket !== undefined && era !== undefined) out.push({ ticket, era });
            expect(out.filter((call) => call.ticket.isProbe).length).toBeLessThanOrEqual(probes);
          } else if (out.length > 0) {
            const [call] = out.splice(one.which % out.length, 1);
            breaker[one.do](call!.ticket);
            model.end(call!.era, one.do, now);
          }
          const at = runtime.monotonic();
          const expected = model.state === "open" && at >= model.openedAt + 500 ? "half-open" : model.state;
          expect(breaker.state).toBe(expected);
        }
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it("never has more probes running than declared, whatever calls do", async () => {
    const calls = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 300 }),
        tookMs: fc.integer({ min: 0, max: 800 }),
        end: fc.constantFrom("answer", "fail", "abort"),
      }),
      { minLength: 20, maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 4 }), async (schedule, halfOpenProbes) => {
        const runtime = createTestRuntime();
        const breaker = new CircuitBreaker({ consecutiveFailures: 2, openMs: 200, halfOpenProbes }, { runtime });
        let running = 0;
        const ends: Promise<unknown>[] = [];
        for (const { afterMs, tookMs, end } of schedule) {
          await runtime.clock.advance(afterMs);
          const controller = new AbortController();
          const isProbe = breaker.state === "half-open";
          const work = async (): Promise<void> => {
            if (isProbe) running += 1;
            expect(running).toBeLessThanOrEqual(halfOpenProbes);
            try {
              await runtime.sleep(tookMs, controller.signal);
              if (end === "fail") throw boom;
            } finally {
              if (isProbe) running -= 1;
            }
          };
          if (end === "abort") runtime.setTimer(() => controller.abort(new Error("stop")), tookMs / 2);
          ends.push(breaker.call(work, { signal: controller.signal }).catch((error) => error));
        }
        await runtime.clock.advance(2000);
        for (const error of await Promise.all(ends)) {
          const isExpected = error === undefined || error === boom || isFlockError(error, "circuit_open");
          expect(isExpected || (error as Error).message === "stop").toBe(true);
        }
        expect(runtime.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
