import { describe, expect, it } from "vitest";
import type { RecoveryChoice } from "../../../src/core/recovery-settings.ts";
import { hangingHouse, hedge } from "./hanging-house.ts";

/** Five of a hundred connections hang, further ones too; the rest answers within 150 to 250 ms. */
async function thousandRuns(seed: number, recovery?: RecoveryChoice) {
  const house = hangingHouse((_, random) => (random() < 0.05 ? "hang" : 150 + 10 * Math.floor(random() * 10)), {
    seed,
    ...(recovery === undefined ? {} : { recovery }),
  });
  const runs = Array.from({ length: 1_000 }, () => house.run());
  await house.runtime.clock.advance(60_000);
  const endings = await Promise.all(runs);
  const slowest = Math.max(...endings.map(({ ms }) => ms));
  const failed = endings.filter(({ error }) => error !== undefined).length;
  return { slowest, failed, requests: house.requests.length, timers: house.runtime.clock.pendingTimers };
}

describe("a thousand runs at once, of which five in a hundred connections hang", () => {
  it("all end within 6.5 s with the defaults, over 200 seeds", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { slowest, failed, requests, timers } = await thousandRuns(seed);
      expect({ seed, failed, timers }).toEqual({ seed, failed: 0, timers: 0 });
      expect(slowest, `seed ${seed}`).toBeLessThanOrEqual(6_500);
      expect(requests, `seed ${seed}`).toBeLessThanOrEqual(1_100);
    }
  }, 120_000);

  it("all end within 2 s with hedging, over 200 seeds", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { slowest, failed, requests, timers } = await thousandRuns(seed, hedge());
      expect({ seed, failed, timers }).toEqual({ seed, failed: 0, timers: 0 });
      expect(slowest, `seed ${seed}`).toBeLessThanOrEqual(2_000);
      expect(requests, `seed ${seed}`).toBeLessThanOrEqual(1_200);
    }
  }, 120_000);
});
