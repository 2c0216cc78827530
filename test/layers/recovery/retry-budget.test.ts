import { describe, expect, it } from "vitest";
import { FailureStreak } from "../../../src/layers/recovery/breaker/failure-streak.ts";
import { RetryBudget } from "../../../src/layers/recovery/budget/retry-budget.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

function make(reserve: number, isIdle = () => true) {
  const runtime = createTestRuntime();
  const budget = new RetryBudget(reserve, runtime, isIdle);
  const given: string[] = [];
  const wait = (name: string, signal = new AbortController().signal): void => {
    budget.take(signal).then(
      (granted) => given.push(`${name} ${granted} ${runtime.monotonic()}`),
      (error) => given.push(`${name} ${error.message}`),
    );
  };
  return { runtime, budget, given, wait };
}

describe("a retry budget", () => {
  it("gives what it has, then in line what successes earn, up to twice the reserve or what was earned of late", async () => {
    const { budget, given, wait, runtime } = make(2);
    expect([budget.tryTake(), budget.tryTake(), budget.tryTake()]).toEqual([true, true, false]);
    wait("a");
    wait("b");
    expect(budget.waiting).toBe(2);
    budget.deposit(0.5);
    await runtime.clock.settle();
    expect(given).toEqual([]);
    budget.deposit(0.5);
    await runtime.clock.settle();
    expect(given).toEqual(["a true 0"]);
    expect(budget.tryTake()).toBe(false);
    budget.deposit(100);
    expect(budget.tokens).toBe(99);
    budget.atLeast(4);
    budget.atLeast(3);
    expect(budget.tokens).toBe(101);
    await runtime.clock.settle();
    expect(given).toEqual(["a true 0", "b true 0"]);
    await runtime.clock.advance(20_000);
    budget.deposit(1);
    expect(budget.tokens).toBe(8);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("lets go of whoever is aborted, with the signal's own reason, and of all when it refuses", async () => {
    const { budget, given, wait, runtime } = make(0);
    const controller = new AbortController();
    wait("a", controller.signal);
    wait("b");
    controller.abort(new Error("enough"));
    wait("c", controller.signal);
    await runtime.clock.settle();
    expect(given).toEqual(["a enough", "c enough"]);
    budget.refuse();
    await runtime.clock.settle();
    expect(given).toContain("b false 0");
    expect(budget.waiting).toBe(0);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("holds retries back while nothing but failures come, until a success that began after them", async () => {
    const { budget, given, wait, runtime } = make(10);
    for (let i = 0; i < 3; i++) budget.failed(100);
    expect(budget.tryTake()).toBe(false);
    wait("a");
    wait("b");
    budget.deposit(1, 99);
    await runtime.clock.settle();
    expect(given).toEqual([]);
    budget.deposit(1, 100);
    await runtime.clock.settle();
    expect(given).toEqual(["a true 0", "b true 0"]);
    expect(budget.tryTake()).toBe(true);
  });

  it("sends one ahead after a moment without news, and the next a moment later", async () => {
    const { budget, given, wait, runtime } = make(10);
    for (let i = 0; i < 3; i++) budget.failed();
    wait("a");
    wait("b");
    await runtime.clock.advance(200);
    budget.failed();
    await runtime.clock.advance(2000);
    expect(given).toEqual(["a true 1000", "b true 1500"]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("keeps nobody waiting once nothing is under way and nothing comes for 5 s", async () => {
    const { budget, given, wait, runtime } = make(0);
    wait("a");
    await runtime.clock.advance(3000);
    budget.deposit(0.3);
    wait("b");
    await runtime.clock.advance(20_000);
    expect(given).toEqual(["a false 8000", "b false 8000"]);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("is idle unless somebody says otherwise", async () => {
    const runtime = createTestRuntime();
    const budget = new RetryBudget(0, runtime);
    const granted = budget.take(new AbortController().signal);
    await runtime.clock.advance(6000);
    expect(await granted).toBe(false);
  });

  it("waits longer for attempts that are under way, and never beyond a minute", async () => {
    const { given, wait, runtime } = make(0, () => false);
    wait("a");
    await runtime.clock.advance(100_000);
    expect(given).toEqual(["a false 60000"]);
  });
});

describe("a streak of failures", () => {
  const all = (failures: number) => ({ calls: failures, failures });

  it("proves nothing while most of what began with it is still out", () => {
    const streak = new FailureStreak();
    for (let i = 1; i <= 200; i++) streak.failed(5, 0, 1000 - i);
    expect(streak.convinces(5, all(200))).toBe(false);
    for (let i = 0; i < 750; i++) streak.left(0);
    expect(streak.convinces(5, all(200))).toBe(true);
  });

  it("proves an outage at once when little else is out, or when what is out takes long", () => {
    const streak = new FailureStreak();
    for (let i = 0; i < 20; i++) streak.failed(5 + i, 4, 30);
    expect(streak.convinces(30, all(20))).toBe(false);
    expect(streak.convinces(10_005, all(20))).toBe(true);
    streak.succeeded();
    expect(streak.length).toBe(0);
    for (let i = 0; i < 20; i++) streak.failed(20_000, 19_990, 2);
    expect(streak.convinces(20_000, all(20))).toBe(true);
    expect(streak.convinces(20_000, { calls: 100, failures: 79 })).toBe(false);
  });
});
