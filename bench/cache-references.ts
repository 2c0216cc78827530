/** Published ways to evict, written as plainly as their papers, to measure ours against. */

import { FrequencySketch, spreadHash } from "../src/eviction/frequency-sketch.ts";
import { SlotLists } from "../src/eviction/slot-lists.ts";

/** A cache of keys alone; tells of each use whether it hit. */
export type Reference = (key: number) => boolean;

/** Makes each of them for so many keys and entries. */
export const references: Readonly<Record<string, (keys: number, entries: number) => Reference>> = {
  lru,
  lfu,
  "s3-fifo": s3fifo,
  "w-tinylfu": (keys, entries) => windowTinyLfu(keys, entries, false),
  climbing: (keys, entries) => windowTinyLfu(keys, entries, true),
  arc,
};

function lru(keys: number, entries: number): Reference {
  const lists = listsOf(keys, 1);
  return (key) => {
    const isHit = lists.listOf(key) === 0;
    if (!isHit && lists.length(0) >= entries) lists.take(lists.first(0));
    lists.move(key, 0);
    return isHit;
  };
}

/** Counts of entries in the cache, in lists of 1 to 4,095 uses. */
function lfu(keys: number, entries: number): Reference {
  const most = 4_095;
  const lists = listsOf(keys, most + 1);
  let held = 0;
  return (key) => {
    const uses = lists.listOf(key);
    if (uses === -1) {
      let lowest = 1;
      while (held >= entries && lists.length(lowest) === 0) lowest += 1;
      if (held < entries) held += 1;
      else lists.take(lists.first(lowest));
    }
    lists.move(key, Math.min(most, Math.max(0, uses) + 1));
    return uses !== -1;
  };
}

/** Yang, Zhang, Qiu, Yue, Vinayak: FIFO queues are all you need for cache eviction, 2023. */
function s3fifo(keys: number, entries: number): Reference {
  const [small, main, ghost] = [0, 1, 2];
  const lists = listsOf(keys, 3);
  const uses = new Uint8Array(keys);
  const smallest = Math.max(1, Math.round(entries * 0.1));
  const evictMain = () => {
    while (lists.length(main) > 0) {
      const key = lists.first(main);
      if (uses[key] === 0) return lists.take(key);
      uses[key]! -= 1;
      lists.move(key, main);
    }
  };
  const evictSmall = () => {
    while (lists.length(small) > 0) {
      const key = lists.first(small);
      if (uses[key]! > 1) {
        lists.move(key, main);
        uses[key] = 0;
        if (lists.length(main) > entries - smallest) return evictMain();
      } else {
        lists.move(key, ghost);
        if (lists.length(ghost) > entries - smallest) lists.take(lists.first(ghost));
        return;
      }
    }
  };
  return (key) => {
    const list = lists.listOf(key);
    if (list === small || list === main) {
      uses[key] = Math.min(3, uses[key]! + 1);
      return true;
    }
    while (lists.length(small) + lists.length(main) >= entries) {
      if (lists.length(small) >= smallest || lists.length(main) === 0) evictSmall();
      else evictMain();
    }
    lists.move(key, list === ghost && lists.listOf(key) === ghost ? main : small);
    uses[key] = 0;
    return false;
  };
}

/** Einziger, Eytan, Friedman, Manes: Adaptive software cache management, 2018; the simple climber. */
function windowTinyLfu(keys: number, entries: number, climbs: boolean): Reference {
  const [fresh, probation, settled] = [0, 1, 2];
  const lists = listsOf(keys, 3);
  const sketch = new FrequencySketch(entries);
  let window = Math.max(1, Math.round(entries * 0.01));
  const settledMost = () => Math.round((entries - window) * 0.8);
  let uses = 0;
  let hits = 0;
  let before = 0;
  let step = 0.0625 * entries;
  const climb = () => {
    const rate = hits / uses;
    const change = rate - before;
    const amount = change >= 0 ? step : -step;
    step = Math.abs(change) >= 0.05 ? 0.0625 * entries * Math.sign(amount) : amount * 0.98;
    window = Math.min(Math.round(entries * 0.8), Math.max(1, window + Math.round(amount)));
    before = rate;
    uses = 0;
    hits = 0;
  };
  return (key) => {
    sketch.count(spreadHash(key));
    const list = lists.listOf(key);
    uses += 1;
    if (list !== -1) hits += 1;
    if (climbs && uses >= entries * 10) climb();
    lists.move(key, list === -1 || list === fresh ? fresh : settled);
    while (lists.length(settled) > settledMost()) lists.move(lists.first(settled), probation);
    while (lists.length(fresh) > window) {
      const candidate = lists.first(fresh);
      lists.move(candidate, probation);
      if (lists.length(fresh) + lists.length(probation) + lists.length(settled) <= entries) continue;
      const victim = lists.first(probation);
      const wins = sketch.frequency(spreadHash(candidate)) > sketch.frequency(spreadHash(victim));
      lists.take(wins && victim !== candidate ? victim : candidate);
    }
    while (lists.length(fresh) + lists.length(probation) + lists.length(settled) > entries) {
      lists.take(lists.length(probation) > 0 ? lists.first(probation) : lists.first(settled));
    }
    return list !== -1;
  };
}

/** Megiddo, Modha: ARC, a self-tuning, low overhead replacement cache, 2003. */
function arc(keys: number, entries: number): Reference {
  const [once, often, onceGone, oftenGone] = [0, 1, 2, 3];
  const lists = listsOf(keys, 4);
  let target = 0;
  const replace = (isOftenGone: boolean) => {
    const length = lists.length(once);
    if (length > 0 && (length > target || (isOftenGone && length === target))) lists.move(lists.first(once), onceGone);
    else lists.move(lists.first(often), oftenGone);
  };
  return (key) => {
    const list = lists.listOf(key);
    const [gone1, gone2] = [lists.length(onceGone), lists.length(oftenGone)];
    if (list === onceGone) {
      target = Math.min(entries, target + Math.max(1, gone2 / gone1));
      replace(false);
    } else if (list === oftenGone) {
      target = Math.max(0, target - Math.max(1, gone1 / gone2));
      replace(true);
    } else if (list === -1) {
      const first = lists.length(once) + gone1;
      const all = first + lists.length(often) + gone2;
      if (first >= entries) {
        if (lists.length(once) < entries) {
          lists.take(lists.first(onceGone));
          replace(false);
        } else lists.take(lists.first(once));
      } else if (all >= entries) {
        if (all >= entries * 2) lists.take(lists.first(oftenGone));
        replace(false);
      }
    }
    lists.move(key, list === -1 ? once : often);
    return list === once || list === often;
  };
}

function listsOf(keys: number, count: number) {
  const lists = new SlotLists(count);
  lists.grow(keys);
  const list = new Int16Array(keys).fill(-1);
  const take = (key: number) => {
    if (list[key] !== -1) lists.remove(list[key]!, key);
    list[key] = -1;
  };
  return {
    take,
    listOf: (key: number) => list[key]!,
    first: (of: number) => lists.first(of),
    length: (of: number) => lists.length(of),
    move: (key: number, to: number) => {
      take(key);
      list[key] = to;
      lists.push(to, key);
    },
  };
}
