/** Who is next where one limit is short: higher priorities first, owners fairly inside each, and nobody waits for ever. */

import { Heap } from "./heap.ts";
import type { Flow, Lane } from "./waiter.ts";

/** After so many steps of ageing the oldest lane is next even among its equals, whatever its owner got before. */
const agedSteps = 4;

interface Group {
  readonly priority: number;
  readonly byTag: Heap<Lane>;
  readonly byAge: Heap<Lane>;
  readonly flows: Map<string, Flow>;
  /** Virtual time: the tag of the lane served last. */
  virtual: number;
  /** Flows are looked through when there are this many. */
  purgeAt: number;
}

/**
 * The line of a limit. Inside a priority it is start-time fair queueing (Goyal, Vin and Cheng, 1996) over owners, by units
 * of the limit: an owner's next turn comes after what it got before, and one that is new starts level with the others.
 * Each `ageingMs` that a lane's first waiter waits counts as one step of priority.
 */
export class Line {
  readonly #ageingMs: number;
  readonly #groups: Group[] = [];
  readonly #jumping = new Set<Lane>();
  #size = 0;

  constructor(ageingMs: number) {
    this.#ageingMs = ageingMs;
  }

  /** Lanes in it. */
  get size(): number {
    return this.#size;
  }

  /** Gives the lane whose turn it is. */
  best(now: number): Lane | undefined {
    for (const lane of this.#jumping) return lane;
    let chosen: Group | undefined;
    let chosenLevel = Number.NEGATIVE_INFINITY;
    let filled = 0;
    for (const group of this.#groups) {
      const oldest = group.byAge.top;
      if (oldest === undefined) continue;
      filled += 1;
      const level = this.levelOf(oldest, now);
      if (level < chosenLevel) continue;
      if (level === chosenLevel && oldest.since >= chosen!.byAge.top!.since) continue;
      chosen = group;
      chosenLevel = level;
    }
    if (chosen === undefined) return undefined;
    const steps = chosenLevel - chosen.priority;
    // A group that is first by age owes that to its oldest lane, so that lane it must be.
    return steps >= agedSteps || (filled > 1 && steps > 0) ? chosen.byAge.top : nextByTag(chosen);
  }

  /** Gives a lane's priority with its age counted in. */
  levelOf(lane: Lane, now: number): number {
    return lane.jumps ? Number.POSITIVE_INFINITY : lane.priority + Math.floor((now - lane.since) / this.#ageingMs);
  }

  add(lane: Lane): void {
    const group = this.#groupOf(lane.priority);
    let flow = group.flows.get(lane.owner);
    if (flow === undefined) {
      flow = { finish: 0 };
      group.flows.set(lane.owner, flow);
    }
    lane.flow = flow;
    lane.tag = Math.max(group.virtual, flow.finish);
    group.byTag.add(lane);
    group.byAge.add(lane);
    if (lane.jumps) this.#jumping.add(lane);
    this.#size += 1;
  }

  remove(lane: Lane): void {
    const group = this.#groupOf(lane.priority);
    group.byTag.remove(lane);
    group.byAge.remove(lane);
    this.#jumping.delete(lane);
    this.#size -= 1;
    if (group.byTag.size === 0) this.#groups.splice(this.#groups.indexOf(group), 1);
    else if (group.flows.size >= group.purgeAt) purge(group);
  }

  /** Counts what a lane got; its next waiter waits from now on. */
  served(lane: Lane, amount: number, now: number): void {
    const group = this.#groupOf(lane.priority);
    const start = Math.max(lane.tag, lane.flow!.finish);
    group.virtual = Math.max(group.virtual, start);
    lane.flow!.finish = start + amount;
    lane.tag = lane.flow!.finish;
    group.byTag.moved(lane);
    lane.jumps = false;
    this.#jumping.delete(lane);
    this.headChanged(lane, now);
  }

  /** Notes that another waiter is the first of a lane now. */
  headChanged(lane: Lane, now: number): void {
    lane.since = now;
    this.#groupOf(lane.priority).byAge.moved(lane);
  }

  /** Lets a lane go first. */
  jump(lane: Lane): void {
    lane.jumps = true;
    this.#jumping.add(lane);
  }

  *[Symbol.iterator](): Generator<Lane> {
    for (const group of [...this.#groups]) yield* [...group.byTag.members];
  }

  #groupOf(priority: number): Group {
    for (const group of this.#groups) if (group.priority === priority) return group;
    const group: Group = {
      priority,
      byTag: new Heap(0, (a, b) => a.tag < b.tag || (a.tag === b.tag && a.serial < b.serial)),
      byAge: new Heap(1, (a, b) => a.since < b.since || (a.since === b.since && a.serial < b.serial)),
      flows: new Map(),
      virtual: 0,
      purgeAt: smallestPurge,
    };
    this.#groups.push(group);
    return group;
  }
}

const smallestPurge = 64;

/** An owner may have several lanes; what one got moves the others back when their turn comes. */
function nextByTag(group: Group): Lane | undefined {
  for (;;) {
    const lane = group.byTag.top;
    if (lane?.flow === undefined || lane.tag >= lane.flow.finish) return lane;
    lane.tag = lane.flow.finish;
    group.byTag.moved(lane);
  }
}

/** Forgets owners whose past no longer matters, since anyone new would start at least as late. */
function purge(group: Group): void {
  for (const [owner, flow] of group.flows) if (flow.finish <= group.virtual) group.flows.delete(owner);
  group.purgeAt = Math.max(smallestPurge, 2 * group.flows.size);
}
