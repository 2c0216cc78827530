import { describe, expect, it } from "vitest";
import type { SharedAsk, SharedLimits } from "../../../src/core/shared-limits.ts";

/** A port under test, and the way to let its time pass. */
export interface SharedLimitsUnderTest {
  readonly limits: SharedLimits;
  pass(ms: number): Promise<void>;
}

const permits = (amount: number, capacity = 3): SharedAsk => ({
  name: "m/concurrency",
  kind: "permits",
  capacity,
  amount,
});
const perSecond = (amount: number, capacity = 10): SharedAsk => ({
  name: "m/requests.perSecond",
  kind: "window",
  capacity,
  amount,
  windowMs: 1_000,
});
const usd = (amount: number, capacity = 1_000_000): SharedAsk => ({
  name: "m/usd.total",
  kind: "budget",
  capacity,
  amount,
});

/** What every implementation of shared limits promises. `make` gives an empty one with leases of 600 ms. */
export function describeSharedLimits(name: string, make: () => Promise<SharedLimitsUnderTest>): void {
  const used = async (limits: SharedLimits) =>
    (await limits.usage([permits(1), perSecond(1), usd(1)])).map((usage) => usage.used);

  describe(`${name} as shared limits`, () => {
    it("gives all that is asked for, or nothing and which limit is short", async () => {
      const { limits } = await make();
      expect(await limits.acquire("a", [permits(2), perSecond(4), usd(300_000)], false)).toEqual({ granted: true });
      expect(await used(limits)).toEqual([2, 4, 300_000]);
      const answer = await limits.acquire("b", [permits(2), perSecond(1), usd(1)], false);
      expect(answer).toMatchObject({ granted: false, limit: "m/concurrency", used: 2, isFinal: false });
      expect(answer).toHaveProperty("freesUpInMs", undefined);
      expect(await used(limits)).toEqual([2, 4, 300_000]);
    });

    it("counts nothing twice when a question or a change comes again", async () => {
      const { limits } = await make();
      for (let time = 0; time < 3; time++) await limits.acquire("a", [permits(1), perSecond(2), usd(50)], time > 0);
      expect(await used(limits)).toEqual([1, 2, 50]);
      const change = { id: "a", used: { "m/requests.perSecond": 1, "m/usd.total": 70 } };
      await limits.change([change]);
      await limits.change([change, { ...change, used: { "m/usd.total": 5 } }]);
      expect(await used(limits)).toEqual([1, 1, 70]);
      await limits.change([{ id: "a", end: "released" }]);
      await limits.change([
        { id: "a", end: "released" },
        { id: "a", end: "cancelled" },
      ]);
      expect(await used(limits)).toEqual([0, 1, 70]);
    });

    it("counts what was not settled as used, and gives all of a cancelled lease back", async () => {
      const { limits } = await make();
      await limits.acquire("a", [permits(1), perSecond(2), usd(50)], false);
      await limits.acquire("b", [permits(1), perSecond(2), usd(50)], false);
      await limits.change([
        { id: "a", end: "released" },
        { id: "b", end: "cancelled" },
      ]);
      expect(await used(limits)).toEqual([0, 2, 50]);
      expect((await limits.usage([usd(1)]))[0]!.reserved).toBe(0);
    });

    it("refuses a cancelled id that asks after all", async () => {
      const { limits } = await make();
      await limits.change([{ id: "late", end: "cancelled" }]);
      expect(await limits.acquire("late", [permits(1)], true)).toMatchObject({ granted: false });
      await limits.renew([{ id: "late", asks: [permits(1)] }]);
      expect(await used(limits)).toEqual([0, 0, 0]);
    });

    it("says for good what can never be, and waits for what may be settled back", async () => {
      const { limits } = await make();
      expect(await limits.acquire("a", [permits(4)], true)).toMatchObject({ isFinal: true });
      await limits.acquire("b", [usd(700_000)], false);
      expect(await limits.acquire("c", [usd(400_000)], false)).toMatchObject({
        isFinal: false,
        used: 700_000,
        reserved: 700_000,
      });
      await limits.change([{ id: "b", end: "released" }]);
      expect(await limits.acquire("c", [usd(400_000)], false)).toMatchObject({ isFinal: true, reserved: 0 });
      expect(await limits.acquire("d", [usd(300_000)], false)).toEqual({ granted: true });
    });

    it("lets a window pass, and tells when", async () => {
      const { limits, pass } = await make();
      await limits.acquire("a", [perSecond(10)], false);
      const answer = await limits.acquire("b", [perSecond(1)], false);
      if (answer.granted) throw new Error("it was full");
      expect(answer.freesUpInMs).toBeGreaterThan(900);
      expect(answer.freesUpInMs).toBeLessThanOrEqual(1_016);
      await pass(Math.ceil(answer.freesUpInMs!));
      expect(await limits.acquire("b", [perSecond(10)], false)).toEqual({ granted: true });
    });

    it("frees permits of a lease that is not renewed, and counts its reservation as spent", async () => {
      const { limits, pass } = await make();
      await limits.acquire("a", [permits(3), usd(400_000)], false);
      await limits.acquire("kept", [usd(1)], false);
      await pass(400);
      await limits.renew([{ id: "kept", asks: [usd(1)] }]);
      await pass(300);
      expect(await used(limits)).toEqual([0, 0, 400_001]);
      expect((await limits.usage([usd(1)]))[0]!.reserved).toBe(1);
      await limits.renew([{ id: "a", asks: [permits(3), usd(400_000)] }]);
      expect(await used(limits)).toEqual([3, 0, 400_001]);
    });

    it("takes up a lease it has forgotten, past the limit if need be", async () => {
      const { limits } = await make();
      await limits.acquire("a", [permits(3)], false);
      const lost = { id: "lost", asks: [permits(2), perSecond(5), usd(10)] };
      await limits.renew([lost]);
      await limits.renew([lost]);
      expect(await used(limits)).toEqual([5, 0, 10]);
      await limits.change([{ id: "lost", used: { "m/usd.total": 4 }, end: "released" }]);
      expect(await used(limits)).toEqual([3, 0, 4]);
    });

    it("serves a line in order of arrival, and lets nobody take what those before need", async () => {
      const { limits } = await make();
      const called: string[] = [];
      const stop = limits.watch((id) => called.push(id));
      await limits.acquire("a", [permits(2)], false);
      expect((await limits.acquire("first", [permits(2)], true)).granted).toBe(false);
      expect((await limits.acquire("second", [permits(1)], true)).granted).toBe(false);
      expect((await limits.acquire("newcomer", [permits(1)], false)).granted).toBe(false);
      expect((await limits.usage([permits(1)]))[0]!.waiting).toBe(2);
      await limits.change([{ id: "a", end: "released" }]);
      expect((await limits.acquire("second", [permits(1)], true)).granted).toBe(true);
      expect((await limits.acquire("first", [permits(2)], true)).granted).toBe(true);
      expect((await limits.usage([permits(1)]))[0]).toMatchObject({ used: 3, waiting: 0 });
      stop();
      expect(called.every((id) => id === "first" || id === "second")).toBe(true);
    });

    it("lets who leaves the line hold up nobody", async () => {
      const { limits } = await make();
      await limits.acquire("a", [permits(2)], false);
      await limits.acquire("first", [permits(3)], true);
      expect((await limits.acquire("second", [permits(1)], true)).granted).toBe(false);
      await limits.change([{ id: "first", end: "cancelled" }]);
      expect((await limits.acquire("second", [permits(1)], true)).granted).toBe(true);
    });
  });
}
