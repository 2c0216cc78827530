import { describe, expect, it } from "vitest";
import { Pacer, turnOfEventLoop } from "../../src/core/runtime/pacer.ts";

function clockOf(stepMs: number): { monotonic(): number } {
  let now = 0;
  return {
    monotonic() {
      now += stepMs;
      return now;
    },
  };
}

describe("Pacer", () => {
  it("lets other callbacks run once a slice of work is used up", async () => {
    let served = false;
    setImmediate(() => {
      served = true;
    });
    await new Pacer(clockOf(10)).pause();
    expect(served).toBe(true);
  });

  it("goes straight on before that", async () => {
    let served = false;
    setImmediate(() => {
      served = true;
    });
    const pacer = new Pacer(clockOf(0));
    await pacer.pause();
    expect([served, pacer.due]).toEqual([false, false]);
    await turnOfEventLoop();
    expect(served).toBe(true);
  });

  it("stops with the signal's own reason, before and after waiting", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const waiting = new Pacer(clockOf(10), controller.signal).pause();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const pacer = new Pacer(clockOf(0), controller.signal);
    expect(pacer.due).toBe(true);
    await expect(pacer.pause()).rejects.toBe(reason);
  });
});
