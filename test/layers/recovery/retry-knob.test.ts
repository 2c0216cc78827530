import { describe, expect, it } from "vitest";
import type { RetryStep } from "../../../src/core/recovery-settings.ts";
import { Flock } from "../../../src/flock.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { runnable } from "../../core/make-environment.ts";

const step = (maxAttempts: number): RetryStep => {
  const budget = { budgetPerSuccess: 10, budgetReserve: 1_000 };
  return { step: "retry", maxAttempts, baseMs: 1, maxDelayMs: 1, on: undefined, ...budget };
};

function house(options: { readonly own?: RetryStep; readonly flock?: RetryStep } = {}) {
  const runtime = createTestRuntime();
  const flock = new Flock({ runtime, ...(options.flock === undefined ? {} : { recovery: [options.flock] }) });
  let calls = 0;
  const tool = runnable(
    "fetch",
    async () => {
      calls++;
      throw Object.assign(new Error("try again"), { status: 503 });
    },
    { kind: "tool", policy: { idempotent: true, ...(options.own === undefined ? {} : { recovery: options.own }) } },
  );
  const attempts = async (): Promise<number> => {
    calls = 0;
    const running = flock.run(tool, {}).catch(() => undefined);
    await runtime.clock.advance(60_000);
    await running;
    return calls;
  };
  return { flock, attempts };
}

describe("the knob of attempts", () => {
  it("reads what is declared, nearest first, and what is usual", async () => {
    for (const [declared, attempts] of [
      [{}, 6],
      [{ flock: step(4) }, 4],
      [{ own: step(3), flock: step(4) }, 3],
    ] as const) {
      const { flock, attempts: tries } = house(declared);
      expect(await tries()).toBe(attempts);
      expect(flock.knobs.read("retry:fetch")).toBe(attempts);
    }
  });

  it("changes how often calls are tried from then on, and back", async () => {
    const { flock, attempts } = house({ own: step(3) });
    await attempts();
    const undo = flock.knobs.change("retry:fetch", 2);
    const again = flock.knobs.change("retry:fetch", 1);
    expect([await attempts(), flock.knobs.read("retry:fetch")]).toEqual([1, 1]);
    again();
    expect(await attempts()).toBe(2);
    undo();
    expect([await attempts(), flock.knobs.read("retry:fetch")]).toEqual([3, 3]);
  });

  it.each([0, -1, 1.5, "3", null])("refuses %j", async (value) => {
    const { flock, attempts } = house();
    await attempts();
    expect(() => flock.knobs.change("retry:fetch", value)).toThrow("attempts are a whole number above 0");
  });

  it("is not there for what is never tried again by itself", async () => {
    const { flock } = house();
    await flock.run(
      runnable("plain", async () => ({})),
      {},
    );
    expect(flock.knobs.has("retry:plain")).toBe(false);
  });
});
