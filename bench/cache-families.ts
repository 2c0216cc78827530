/** Streams of keys that stand for the families of traces that caches are measured by, each drawn anew from a seed. */

import { make, seededRandom, type Workload, zipf } from "./cache-workloads.ts";

type Next = (index: number) => number;
type Random = () => number;

/** Makes one workload of each family from a seed. */
export function families(seed: number): readonly Workload[] {
  const random = seededRandom(seed);
  const rows = Object.entries(generators);
  return rows.map(([name, [generate, capacities]]) => make(name, generate(random), capacities));
}

const far = 100_000;

const generators: Readonly<
  Record<string, readonly [generate: (random: Random) => Next, capacities: readonly number[]]>
> = {
  // Stationary popularity, flat as in searches, usual, and steep.
  "zipf 0.7": [(random) => zipf(100_000, 0.7, random), [1_000, 8_000]],
  "zipf 0.9": [(random) => zipf(50_000, 0.9, random), [500, 4_000]],
  "zipf 1.1": [(random) => zipf(50_000, 1.1, random), [250, 2_000]],
  "zipf, abrupt shifts": [shifting, [500, 2_000]],
  "zipf, gradual drift": [drifting, [500, 2_000]],
  search: [search, [2_000, 10_000]],
  "database, scans": [database, [1_000, 4_000]],
  transactions: [transactions, [500, 2_000]],
  "loop just too long": [() => (index) => index % 2_200, [1_000, 2_000]],
  "loops of many lengths": [loops, [1_000, 3_000]],
  "glimpse: loop and recency": [glimpse, [500, 2_000]],
  "sprite: recency": [(random) => stack(random, 0.08, 6_000, 1.1), [200, 1_000]],
  "stack depths, long": [(random) => stack(random, 0.25, 8_000, 0.9), [500, 2_000]],
  "one-hit wonders": [content, [500, 4_000]],
  "news: churn": [news, [500, 2_000]],
  bursts: [bursts, [500, 2_000]],
  phases: [phases, [500, 2_000]],
  "many programs": [programs, [500, 2_000]],
  "recency, loop, recency": [recencyLoop, [512, 2_048]],
};

function shifting(random: Random): Next {
  const rank = zipf(20_000, 1, random);
  return (index) => (rank() * 7 + Math.floor(index / 60_000) * 5_003) % 20_011;
}

function drifting(random: Random): Next {
  const rank = zipf(20_000, 0.95, random);
  return (index) => rank() + Math.floor(index / 20);
}

/** Few words asked for by many, over a great many blocks that are read in short runs. */
function search(random: Random): Next {
  const rank = zipf(120_000, 0.65, random);
  let left = 0;
  let block = 0;
  return () => {
    if (left-- > 0) return ++block;
    left = random() < 0.3 ? Math.floor(random() * 6) : 0;
    block = (rank() * 7_919) % 120_011;
    return block;
  };
}

/** Popular pages of an index, uniform pages of a table, and now and then a sequential scan of a part of it. */
function database(random: Random): Next {
  const index = zipf(8_000, 0.9, random);
  let scan = 0;
  let left = 0;
  return () => {
    if (left > 0) {
      left -= 1;
      return 50_000 + (scan++ % 60_000);
    }
    if (random() < 0.0004) {
      left = 1_000 + Math.floor(random() * 4_000);
      scan = Math.floor(random() * 60_000);
    }
    return random() < 0.75 ? index() : 10_000 + Math.floor(random() * 30_000);
  };
}

/** Short transactions: each record is used a few times at once, then by popularity; half of all records fade. */
function transactions(random: Random): Next {
  const popular = zipf(15_000, 0.8, random);
  const recent: number[] = [];
  let newest = 20_000;
  return (index) => {
    const choice = random();
    let key: number;
    if (choice < 0.3 && recent.length > 0) key = recent[Math.floor(random() * recent.length)]!;
    else if (choice < 0.45) key = newest++;
    else key = popular() + Math.floor(index / 100_000) * 2_000;
    recent.push(key);
    if (recent.length > 60) recent.shift();
    return key;
  };
}

function loops(random: Random): Next {
  const lengths = [400, 1_500, 2_500, 5_000];
  const places = lengths.map(() => 0);
  return () => {
    const which = Math.floor(random() * lengths.length);
    places[which] = (places[which]! + 1) % lengths[which]!;
    return which * 10_000 + places[which]!;
  };
}

function glimpse(random: Random): Next {
  const recent = stack(random, 0.1, 1_000, 1);
  let place = 0;
  return (index) => (random() < 0.7 ? 50_000 + (place++ % 2_800) : recent(index));
}

/** Draws how many other keys were used since, from a power law; LRU is best by its making. */
function stack(random: Random, newShare: number, deepest: number, exponent: number): Next {
  const depth = zipf(deepest, exponent, random);
  const order: number[] = [];
  let newest = 0;
  return () => {
    const at = random() < newShare ? order.length : depth();
    const key = at >= order.length ? newest++ : order[order.length - 1 - at]!;
    if (at < order.length) order.splice(order.length - 1 - at, 1);
    order.push(key);
    if (order.length > deepest) order.shift();
    return key;
  };
}

/** Pages of which seven in ten are asked for once, beside popular ones that change slowly. */
function content(random: Random): Next {
  const rank = zipf(15_000, 0.85, random);
  let once = far;
  return (index) => (random() < 0.35 ? once++ : rank() + Math.floor(index / 200));
}

/** What is new is popular, and fades. */
function news(random: Random): Next {
  const age = zipf(30_000, 0.75, random);
  return (index) => 30_000 + Math.floor(index / 8) - age();
}

/** Many keys used two or three times within a moment and never again, over steady popularity. */
function bursts(random: Random): Next {
  const rank = zipf(20_000, 0.9, random);
  const pending: number[] = [];
  let newest = far;
  return () => {
    if (pending.length > 40) return pending.splice(Math.floor(random() * pending.length), 1)[0]!;
    if (random() < 0.3) {
      const key = newest++;
      for (let uses = 1 + Math.floor(random() * 2); uses > 0; uses--) pending.push(key);
      return key;
    }
    return rank();
  };
}

function phases(random: Random): Next {
  const parts: readonly Next[] = [zipf(15_000, 0.9, random), stack(random, 0.2, 3_000, 1), (index) => index % 2_600];
  return (index) => {
    const part = Math.floor(index / 40_000) % parts.length;
    return part * 150_000 + parts[part]!(index);
  };
}

/** Four programs in turn for short slices, as in traces of several at once. */
function programs(random: Random): Next {
  let scan = 0;
  const parts: readonly Next[] = [
    zipf(3_000, 0.8, random),
    stack(random, 0.1, 2_000, 1),
    () => scan++ % 1_800,
    (index) => (Math.floor(index / 3) * 7) % 900,
  ];
  return (index) => {
    const part = Math.floor(index / 500) % parts.length;
    return part * 100_000 + parts[part]!(index);
  };
}

/** As in the traces of a ledger with loops in between: new keys that come back soon, then loops, then again. */
function recencyLoop(random: Random): Next {
  let newest = 10_000;
  return (index) => {
    if (Math.floor(index / 100_000) === 1) return index % 3_000;
    if (random() < 0.55) return newest++;
    return Math.max(10_000, newest - 1 + Math.floor(Math.log(random()) * 350));
  };
}
