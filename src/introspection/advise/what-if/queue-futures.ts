/** Draws runs that may come to a queue from those that came, so that a forecast knows how much chance there is in waiting. */

import { meanOf, quantileOf } from "../../measure/statistics.ts";
import type { CallNode } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import type { ForecastOf } from "./forecast.ts";
import { type Arrival, type QueueLimits, replayQueue } from "./queue-replay.ts";
import { servedMs } from "./recorded-calls.ts";
import { replayDuration } from "./replay.ts";

const mostFutures = 200;
const fewestFutures = 40;
/** Calls replayed over all futures, about. */
const mostReplayed = 400_000;

/** One run with its calls to the queue. */
interface QueuedRun {
  readonly episode: Episode;
  /** From the start of the run before it. */
  readonly gapMs: number;
  readonly calls: readonly { readonly node: CallNode; readonly afterMs: number }[];
}

/**
 * Forecasts the mean time of runs whose calls wait in a queue. Runs are drawn in stretches, so that those that come together
 * stay together (H. R. Künsch: "The Jackknife and the Bootstrap for General Stationary Observations", 1989), each time from a
 * record that was itself drawn, since the recorded one was chance too; then their calls are replayed through the queue. The
 * range holds 95 of 100 such means. Seeded: the same record gives the same.
 */
export function forecastQueue(
  of: Omit<ForecastOf, "recorded">,
  runs: { readonly episodes: readonly Episode[]; readonly nodes: readonly CallNode[] },
  limits: QueueLimits,
  next: number,
): Forecast {
  const queued = queuedRuns(runs.episodes, runs.nodes);
  const size = Math.max(1, Math.round(Math.sqrt(queued.length)));
  const draw = drawer();
  const calls = Math.max(1, (next * runs.nodes.length) / queued.length);
  const futures = Math.max(fewestFutures, Math.min(mostFutures, Math.floor(mostReplayed / calls)));
  const means = Array.from({ length: futures }, () => {
    const record = Array.from({ length: Math.ceil(queued.length / size) }, () => draw(queued.length - size + 1));
    const drawn: QueuedRun[] = [];
    while (drawn.length < next) {
      const from = record[draw(record.length)]!;
      drawn.push(...queued.slice(from, from + Math.min(size, next - drawn.length)));
    }
    return meanOf(durations(drawn, limits));
  });
  return { ...of, runs: next, after: meanOf(means), low: quantileOf(means, 0.025), high: quantileOf(means, 0.975) };
}

function queuedRuns(episodes: readonly Episode[], nodes: readonly CallNode[]): readonly QueuedRun[] {
  const isQueued = new Set(nodes);
  const meanGapMs = (episodes.at(-1)!.startMs - episodes[0]!.startMs) / Math.max(1, episodes.length - 1);
  return episodes.map((episode, index) => ({
    episode,
    gapMs: index === 0 ? meanGapMs : episode.startMs - episodes[index - 1]!.startMs,
    calls: (episode.root === undefined ? [] : [...nodesIn(episode.root, isQueued)]).map((node) => ({
      node,
      afterMs: node.call.startMs - episode.startMs,
    })),
  }));
}

function* nodesIn(node: CallNode, wanted: ReadonlySet<CallNode>): Generator<CallNode> {
  if (wanted.has(node)) yield node;
  for (const child of node.children) yield* nodesIn(child, wanted);
}

function durations(runs: readonly QueuedRun[], limits: QueueLimits): readonly number[] {
  const arrivals: (Arrival & { readonly run: number; readonly node: CallNode })[] = [];
  let now = 0;
  for (const [run, { gapMs, calls }] of runs.entries()) {
    now += gapMs;
    for (const { node, afterMs } of calls) arrivals.push({ atMs: now + afterMs, serviceMs: servedMs(node), run, node });
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);
  const waits = replayQueue(arrivals, limits);
  const times = runs.map(() => new Map<CallNode, number>());
  for (const [index, { run, node, serviceMs }] of arrivals.entries()) times[run]!.set(node, serviceMs + waits[index]!);
  return runs.map(({ episode: { root, durationMs } }, run) =>
    root === undefined ? durationMs : replayDuration(root, (node) => times[run]!.get(node)),
  );
}

/** Whole numbers below a limit by xorshift32 (G. Marsaglia, 2003): plenty for resampling. */
function drawer(): (below: number) => number {
  let state = 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
