import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generatedWorkloads, optimalHits, recordedWorkloads, type Workload } from "../../bench/cache-workloads.ts";
import { AdaptivePolicy, hashOfKey } from "../../src/eviction/adaptive-policy.ts";
import { EvictedKeys } from "../../src/eviction/evicted-keys.ts";
import type { EvictionPolicy } from "../../src/eviction/eviction-policy.ts";
import { ExpiryQueue } from "../../src/eviction/expiry-queue.ts";
import { FrequencySketch, spreadHash } from "../../src/eviction/frequency-sketch.ts";
import { LfuPolicy } from "../../src/eviction/lfu-policy.ts";
import { LruPolicy } from "../../src/eviction/lru-policy.ts";
import { NaiveLfu, NaiveLru } from "./naive-policies.ts";

/** Plays uses through a policy as a cache of so many entries would; gives the share of hits. */
function play(policy: EvictionPolicy, { uses, keys }: Workload, entries: number): number {
  const slots = new Int32Array(keys).fill(-1);
  const held = new Int32Array(entries);
  let filled = 0;
  let hits = 0;
  policy.grow(entries);
  for (const key of uses) {
    let slot = slots[key]!;
    if (slot !== -1) {
      hits += 1;
      policy.touch(slot);
      continue;
    }
    if (filled < entries) slot = filled++;
    else {
      slot = policy.evict();
      slots[held[slot]!] = -1;
    }
    slots[key] = slot;
    held[slot] = key;
    policy.add(slot, `key ${key}`);
  }
  return hits / uses.length;
}

const generated = generatedWorkloads();
const byName = (name: string) => generated.find((workload) => workload.name === name)!;

type Step = readonly ["add" | "touch" | "remove" | "evict", number];

/** Plays any order of steps through two policies, and compares each choice. */
function agree(one: EvictionPolicy, other: EvictionPolicy, steps: readonly Step[]): void {
  const slots = 40;
  one.grow(slots);
  const held = new Set<number>();
  for (const [step, number] of steps) {
    const slot = number % slots;
    if (step === "evict") {
      if (held.size === 0) continue;
      const evicted = one.evict();
      expect(evicted).toBe(other.evict());
      held.delete(evicted);
    } else if (step === "add" ? !held.has(slot) : held.has(slot)) {
      one[step](slot, `key ${slot}`);
      other[step](slot, `key ${slot}`);
      if (step === "add") held.add(slot);
      if (step === "remove") held.delete(slot);
    }
  }
}

const anySteps = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("add" as const) },
      { weight: 12, arbitrary: fc.constant("touch" as const) },
      { weight: 1, arbitrary: fc.constant("remove" as const) },
      { weight: 2, arbitrary: fc.constant("evict" as const) },
    ),
    fc.nat(1_000),
  ),
  { maxLength: 3_000, size: "max" },
);

describe("lru", () => {
  it("lets go of the same entries as a plain list in order of use, whatever happens", () => {
    fc.assert(
      fc.property(anySteps, (steps) => agree(new LruPolicy(), new NaiveLru(), steps)),
      { numRuns: 60 },
    );
  });

  it("hits as often as the plain list on recorded traces, where FLOCK_TRACES leads to some, and on generated ones", () => {
    const recorded = recordedWorkloads(process.env.FLOCK_TRACES);
    const small = [byName("zipf 0.8"), byName("recent keys")].map((each) => ({
      ...each,
      uses: each.uses.subarray(0, 50_000),
    }));
    for (const workload of [...recorded, ...small]) {
      expect(play(new LruPolicy(), workload, 500)).toBe(play(new NaiveLru(), workload, 500));
    }
  });
});

describe("lfu", () => {
  it("lets go of the same entries as plain counts, halved now and then, whatever happens", () => {
    fc.assert(
      fc.property(anySteps, (steps) => agree(new LfuPolicy(), new NaiveLfu(), steps)),
      { numRuns: 60 },
    );
  });

  it("ages: agrees with plain counts over many halvings", () => {
    const zipf = byName("shifting zipf");
    const workload = { ...zipf, uses: zipf.uses.subarray(0, 30_000) };
    expect(play(new LfuPolicy(), workload, 120)).toBe(play(new NaiveLfu(), workload, 120));
  });

  it("forgets what was popular long ago", () => {
    const policy = new LfuPolicy();
    policy.grow(10);
    for (let slot = 0; slot < 10; slot++) policy.add(slot);
    for (let use = 0; use < 500; use++) policy.touch(0);
    for (let use = 0; use < 20_000; use++) policy.touch(1 + (use % 9));
    expect(policy.evict()).toBe(0);
  });
});

describe("tinylfu", () => {
  /** Least share of hits that each kind of use must reach, and how often the same without adapting, as LRU, would hit. */
  const floors: readonly (readonly [name: string, entries: number, floor: number])[] = [
    ["zipf 0.8", 2_000, 0.42],
    ["zipf 1.0", 500, 0.57],
    ["zipf and scans", 2_000, 0.37],
    ["loop of 6,000", 2_000, 0.28],
    ["loop of 6,000", 4_500, 0.62],
    ["shifting zipf", 2_000, 0.67],
    ["recent keys", 2_000, 0.33],
    ["recent, then loops", 2_000, 0.25],
  ];

  it.each(floors)("is near the best known way on %s in %i entries, with any seed", (name, entries, floor) => {
    const workload = byName(name);
    for (const seed of [1, 0x7fff_1234, -99]) {
      const hits = play(new AdaptivePolicy(seed), workload, entries);
      expect(hits).toBeGreaterThan(floor);
      expect(hits).toBeLessThan(optimalHits(workload, entries));
    }
    expect(play(new LruPolicy(), workload, entries)).toBeLessThan(floor + 0.02);
  });

  it("is not worse than any fixed strategy by more than two points anywhere", () => {
    for (const whole of generated) {
      const workload = { ...whole, uses: whole.uses.subarray(0, 120_000) };
      for (const entries of workload.capacities) {
        const best = Math.max(play(new LruPolicy(), workload, entries), play(new LfuPolicy(), workload, entries));
        expect(play(new AdaptivePolicy(7), workload, entries), `${workload.name} in ${entries}`).toBeGreaterThan(
          best - 0.02,
        );
      }
    }
  }, 60_000);

  it("names the way it follows, and follows another when the use changes", () => {
    const policy = new AdaptivePolicy(3);
    expect(policy.way).toBe("balanced");
    const loop = byName("loop of 6,000");
    play(policy, loop, 2_000);
    expect(policy.way).toBe("frequent");
    const recent = new AdaptivePolicy(3);
    play(recent, byName("recent keys"), 2_000);
    expect(recent.way).toBe("recent");
  });

  it("keeps what it holds in step whatever happens, also with very few entries", () => {
    fc.assert(
      fc.property(anySteps, fc.integer(), (steps, seed) => {
        const policy = new AdaptivePolicy(seed);
        policy.grow(40);
        const held = new Set<number>();
        for (const [step, number] of steps) {
          const slot = number % 40;
          if (step === "evict") {
            if (held.size === 0) continue;
            const evicted = policy.evict();
            expect(held.delete(evicted)).toBe(true);
          } else if (step === "add" ? !held.has(slot) : held.has(slot)) {
            policy[step](slot, `key ${number}`);
            if (step === "add") held.add(slot);
            if (step === "remove") held.delete(slot);
          }
        }
        while (held.size > 0) expect(held.delete(policy.evict())).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("keys chosen to share counters", () => {
  /** The share of hits on a few popular keys while so many others are each asked for once. */
  function hitsBeside(others: readonly string[], seed: number): number {
    const policy = new AdaptivePolicy(seed);
    const entries = 200;
    const slots = new Map<string, number>();
    const held: string[] = [];
    let hits = 0;
    let uses = 0;
    policy.grow(entries);
    const use = (key: string): boolean => {
      const slot = slots.get(key);
      if (slot !== undefined) {
        policy.touch(slot);
        return true;
      }
      const free = held.length < entries ? held.length : policy.evict();
      if (held[free] !== undefined) slots.delete(held[free]);
      held[free] = key;
      slots.set(key, free);
      policy.add(free, key);
      return false;
    };
    for (const [index, other] of others.entries()) {
      use(other);
      for (let each = 0; each < 2; each++) {
        hits += use(`popular ${(index * 2 + each) % 150}`) ? 1 : 0;
        uses += 1;
      }
    }
    return hits / uses;
  }

  /** Keys whose hashes end alike under one seed: they fall into one block of the sketch and one bucket of evicted keys. */
  function keysThatMeet(seed: number, count: number): readonly string[] {
    const found: string[] = [];
    for (let number = 0; found.length < count; number++) {
      if ((hashOfKey(`other ${number}`, seed) & 31) === 0) found.push(`other ${number}`);
    }
    return found;
  }

  it("do no better than chance for who does not know the seed", () => {
    const chosen = keysThatMeet(11, 6_000);
    for (const seed of [12, -5, 0x1234_5678]) {
      const inBlock = chosen.filter((key) => (hashOfKey(key, seed) & 31) === 0).length;
      // Chance is one in 32, 187.5; four standard deviations are 54.
      expect(Math.abs(inBlock - chosen.length / 32)).toBeLessThan(54);
      const hashes = new Set(chosen.map((key) => hashOfKey(key, seed)));
      expect(hashes.size).toBeGreaterThan(chosen.length - 3);
      const plain = Array.from({ length: chosen.length }, (_, number) => `other ${number}`);
      expect(hitsBeside(chosen, seed)).toBeGreaterThan(hitsBeside(plain, seed) - 0.03);
    }
  });
});

describe("the frequency sketch", () => {
  it("never tells too little up to 15, and rarely too much", () => {
    const sketch = new FrequencySketch(1_000);
    const uses = Array.from({ length: 1_000 }, (_, key) => key % 7);
    for (const [key, count] of uses.entries()) for (let use = 0; use < count; use++) sketch.count(spreadHash(key));
    const told = uses.map((count, key) => sketch.frequency(spreadHash(key)) - count);
    expect(Math.min(...told)).toBe(0);
    expect(told.filter((more) => more > 1).length).toBeLessThan(20);
  });

  it("stops at 15 and forgets by halves", () => {
    const sketch = new FrequencySketch(100);
    for (let use = 0; use < 40; use++) sketch.count(5);
    expect(sketch.frequency(5)).toBe(15);
    for (let key = 0; key < 990; key++) sketch.count(spreadHash(key + 1_000));
    expect(sketch.frequency(5)).toBeLessThan(15);
    expect(sketch.frequency(5)).toBeGreaterThan(2);
  });
});

describe("the memory of evicted keys", () => {
  it("knows the last ones, once each, within reach", () => {
    const evicted = new EvictedKeys(1_000);
    const hashes = Array.from({ length: 1_000 }, (_, key) => spreadHash(key));
    for (const hash of hashes) evicted.add(hash);
    expect(evicted.take(hashes[0]!, 500)).toBe(false);
    const known = hashes.slice(500).filter((hash) => evicted.take(hash, 500));
    expect(known.length).toBeGreaterThan(440);
    expect(hashes.slice(500).filter((hash) => evicted.take(hash, 500))).toEqual([]);
    evicted.add(3);
    evicted.add(3);
    expect([evicted.take(3, 10), evicted.take(3, 10)]).toEqual([true, false]);
  });
});

describe("ExpiryQueue", () => {
  it("finds nothing that expired by a time without end, least of all what never does", () => {
    const queue = new ExpiryQueue();
    queue.grow(40);
    queue.set(1, 5);
    expect([queue.expired(4), queue.expired(5)]).toEqual([-1, 1]);
    queue.set(1, Number.POSITIVE_INFINITY);
    expect([5, 2 ** 40, Number.POSITIVE_INFINITY, Number.NaN].map((now) => queue.expired(now))).toEqual([
      -1, -1, -1, -1,
    ]);
  });
});
