/**
 * What the defaults do in traffic: seeds of each kind of trouble, each run twice, with nothing real but the code. 12 of
 * them, 200 with `npm run check:recovery`.
 */

import { describe, expect, it } from "vitest";
import { defaultRetry } from "../../../src/core/recovery-defaults.ts";
import { type CallRecord, type Outcome, type Reply, simulate, successRate, type Traffic } from "./simulated-traffic.ts";

const seeds = process.env.MODE === "long" ? 200 : 12;

/** Runs each seed twice, with the same story told, and gives what came of all. */
async function everySeed(traffic: Omit<Traffic, "seed">): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const first = await simulate({ ...traffic, seed });
    const second = await simulate({ ...traffic, seed });
    expect(second.trace === first.trace, `seed ${seed} told another story the second time`).toBe(true);
    expect(first.pendingTimers, `seed ${seed} left timers behind`).toBe(0);
    outcomes.push({ ...first, trace: "" });
  }
  return outcomes;
}

const callsOf = (outcomes: readonly Outcome[]): CallRecord[] => outcomes.flatMap(({ calls }) => calls);

function requestsPerCall(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { requests }) => sum + requests.length, 0) / callsOf(outcomes).length;
}

/** Faults of every kind: errors of the server, broken connections, limits, silence. */
function faults(share: number) {
  return (_: number, random: () => number): Reply => {
    if (random() >= share) return { afterMs: 200 + 200 * random() };
    const kinds: Reply[] = [
      { afterMs: 20, fault: 500 },
      { afterMs: 5, fault: 503 },
      { afterMs: 1, fault: "reset" },
      { afterMs: 10, fault: 429, retryAfterMs: 500 },
      { afterMs: 0, fault: "hang" },
    ];
    return kinds[Math.floor(random() * kinds.length)]!;
  };
}

const outageMs = 60_000;

function outage(beginsAt: number) {
  return (now: number, random: () => number): Reply => {
    if (now < beginsAt || now >= beginsAt + outageMs) return { afterMs: 100 + 200 * random() };
    return random() < 0.5 ? { afterMs: 5, fault: 503 } : { afterMs: 1, fault: "reset" };
  };
}

/** What an outage costs: until the breaker opens, while it is open, and after. */
function costOfOutage({ calls, requests, changes }: Outcome, beginsAt: number) {
  const openedAt = changes.find(({ to }) => to === "open")!.at;
  const endsAt = beginsAt + outageMs;
  const isDuring = (at: number): boolean => at > openedAt && at < endsAt;
  const probes = changes.filter(({ at, to }) => isDuring(at) && to === "half-open").length;
  const failed = calls.filter(({ at, code }) => isDuring(at) && code === "circuit_open");
  // Half a second until the next probe, and its answer.
  const after = calls.filter(({ at }) => at >= endsAt + 500 + 300);
  return {
    before: calls.filter(({ at }) => at >= beginsAt && at <= openedAt).length,
    asked: requests.filter((at) => at >= beginsAt && at <= openedAt).length,
    probes,
    askedWhileOpen: requests.filter(isDuring).length,
    slowestRefusalMs: Math.max(...failed.map(({ tookMs }) => tookMs)),
    refused: failed.length,
    after,
  };
}

describe("the defaults, simulated", () => {
  it("bring 99.9 % through 8 % of faults of every kind at no more than 1.10 requests a call", async () => {
    const common = { attemptTimeoutMs: 2000, server: faults(0.08) };
    for (const traffic of [
      { ...common, users: 1, untilMs: 60_000, pauseMs: 20 },
      { ...common, users: 30, untilMs: 4_000, pauseMs: 100 },
    ]) {
      const outcomes = await everySeed(traffic);
      expect(successRate(callsOf(outcomes))).toBeGreaterThanOrEqual(0.999);
      expect(requestsPerCall(outcomes)).toBeLessThanOrEqual(1.1);
      expect(outcomes.every(({ changes }) => changes.length === 0)).toBe(true);
    }
  }, 120_000);

  it("bring 99.7 % through 25 % of faults with a raised budget at no more than 1.40 requests a call", async () => {
    const raised = { ...defaultRetry, budgetPerSuccess: 0.6, budgetReserve: 200 };
    const outcomes = await everySeed({
      users: 30,
      untilMs: 4_000,
      pauseMs: 100,
      attemptTimeoutMs: 2000,
      recovery: raised,
      server: faults(0.25),
    });
    expect(successRate(callsOf(outcomes))).toBeGreaterThanOrEqual(0.997);
    expect(requestsPerCall(outcomes)).toBeLessThanOrEqual(1.4);
    expect(outcomes.every(({ changes }) => changes.length === 0)).toBe(true);
  }, 120_000);

  it.each([
    ["many users, after a while", { users: 60, pauseMs: 4_000, beginsAt: 10_000 }],
    ["many users, from the start", { users: 60, pauseMs: 4_000, beginsAt: 0 }],
    ["many users at once", { users: 200, pauseMs: 20_000, beginsAt: 0, burst: true }],
  ])(
    "cost little in an outage: %s",
    async (_, { beginsAt, ...traffic }) => {
      const outcomes = await everySeed({ ...traffic, untilMs: beginsAt + outageMs + 10_000, server: outage(beginsAt) });
      const costs = outcomes.map((outcome) => costOfOutage(outcome, beginsAt));
      const sum = (of: (cost: (typeof costs)[number]) => number): number =>
        costs.reduce((total, cost) => total + of(cost), 0);
      expect(sum(({ asked }) => asked) / sum(({ before }) => before)).toBeLessThanOrEqual(1.1);
      for (const cost of costs) {
        expect(cost.askedWhileOpen).toBeLessThanOrEqual(cost.probes);
        expect(cost.refused).toBeGreaterThan(100);
        expect(cost.slowestRefusalMs).toBeLessThan(5);
      }
      expect(successRate(costs.flatMap(({ after }) => after))).toBeGreaterThanOrEqual(0.99);
    },
    300_000,
  );

  it("let one user alone try each call to its end, and then send probes only", async () => {
    const outcomes = await everySeed({ users: 1, untilMs: 85_000, pauseMs: 200, server: outage(10_000) });
    for (const outcome of outcomes) {
      const cost = costOfOutage(outcome, 10_000);
      expect(cost.asked).toBe(20);
      expect(cost.askedWhileOpen).toBeLessThanOrEqual(cost.probes);
      expect(cost.slowestRefusalMs).toBeLessThan(5);
      expect(successRate(cost.after)).toBe(1);
    }
  }, 120_000);

  it("never open in a brown-out of half of all calls, keep its retries bounded, and end every wait", async () => {
    const outcomes = await everySeed({
      users: 20,
      untilMs: 12_000,
      pauseMs: 300,
      server: (now, random) =>
        now > 2000 && now < 8000 && random() < 0.5 ? { afterMs: 5, fault: 503 } : { afterMs: 100 + 200 * random() },
    });
    expect(outcomes.every(({ changes }) => changes.length === 0)).toBe(true);
    expect(successRate(callsOf(outcomes))).toBeGreaterThan(0.9);
    expect(requestsPerCall(outcomes)).toBeLessThan(1.5);
    expect(Math.max(...callsOf(outcomes).map(({ tookMs }) => tookMs))).toBeLessThan(60_000);
  }, 120_000);

  it("find a slow recovery: all well once the server is", async () => {
    const outcomes = await everySeed({
      users: 20,
      untilMs: 22_000,
      pauseMs: 500,
      server: (now, random) =>
        now > 2000 && random() > (now - 8_000) / 10_000
          ? { afterMs: 5, fault: 503 }
          : { afterMs: 100 + 200 * random() },
    });
    const after = callsOf(outcomes).filter(({ at }) => at > 19_000);
    expect(successRate(after)).toBeGreaterThanOrEqual(0.99);
    expect(outcomes.every(({ changes }) => (changes.at(-1)?.to ?? "closed") === "closed")).toBe(true);
  }, 120_000);

  it("lose next to no call of a burst whose failures come before its answers", async () => {
    const outcomes: Outcome[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      outcomes.push(
        await simulate({
          seed,
          users: 1000,
          untilMs: 1,
          pauseMs: 1,
          burst: true,
          server: (_, random) => (random() < 0.2 ? { afterMs: 1, fault: 500 } : { afterMs: 200 }),
        }),
      );
    }
    expect(outcomes.every(({ changes }) => changes.length === 0)).toBe(true);
    // Six attempts lose one call in 15,625.
    expect(successRate(callsOf(outcomes))).toBeGreaterThanOrEqual(0.9997);
    expect(requestsPerCall(outcomes)).toBeLessThan(1.3);
  }, 120_000);
});
