import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { orEnded } from "../../src/core/runtime/or-ended.ts";

describe("a wait that a signal may end", () => {
  it("gives the value, or rejects with the signal's own reason, and leaves no listener", async () => {
    const controller = new AbortController();
    expect(await orEnded(Promise.resolve(1), controller.signal)).toBe(1);
    expect(await orEnded(2, undefined)).toBe(2);
    const reason = new Error("enough");
    const waiting = orEnded(new Promise(() => {}), controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("leaves no rejection unheard of what it no longer waits for, also when the signal had aborted before", async () => {
    const unheard: unknown[] = [];
    const note = (error: unknown) => void unheard.push(error);
    process.on("unhandledRejection", note);
    const reason = new Error("over");
    await expect(orEnded(Promise.reject(new Error("late")), AbortSignal.abort(reason))).rejects.toBe(reason);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unheard).toEqual([]);
  });
});
