/** Plays many futures of runs that wait for each other, since a short record of a queue seldom holds the worst of its times. */

import { seededDraws } from "../../measure/statistics.ts";
import { type CallNode, walkTree } from "../../record/call-tree.ts";
import type { Episode } from "../../record/episodes.ts";
import type { Forecast } from "../suggestion.ts";
import { type ForecastOf, forecastFutures } from "./forecast.ts";
import { type QueueLimits, replayQueue } from "./queue-replay.ts";
import { replayDuration } from "./replay.ts";

/** Futures that are played, fewer where runs make many calls: about so many are replayed in all. */
const [fewestFutures, mostFutures, mostReplayed] = [40, 200, 400_000];
/** Runs that are drawn together, so that those that came in a burst stay one: a tenth of all, within these bounds. */
const [fewestTogether, mostTogether] = [10, 100];
/** Of a long record the last runs say as much, as do the first of many to come. */
const mostRuns = 4_000;

/**
 * Forecasts the mean time of runs whose calls wait in a queue, empty at first. Runs are drawn with replacement, in stretches of a
 * tenth of the record (H. R. Künsch: "The Jackknife and the Bootstrap for General Stationary Observations", 1989), from a record
 * that was itself drawn so: what is forecast varies by what comes and by how little is known. Seeded.
 */
export function forecastQueue(
  of: ForecastOf,
  { episodes, nodes }: { readonly episodes: readonly Episode[]; readonly nodes: readonly CallNode[] },
  limits: QueueLimits,
  next: number,
): Forecast {
  const recorded = recordOf(episodes, new Set(nodes));
  const gaps = recorded.map(({ gapMs }) => gapMs);
  return forecastFutures(of, playedFutures(recorded, limits, Math.min(next, mostRuns)), next, gaps);
}

/** Gives the mean time of the next runs in each of many futures. */
function playedFutures(recorded: readonly RecordedRun[], limits: QueueLimits, next: number): readonly number[] {
  const draw = seededDraws(1);
  const together = Math.min(mostTogether, Math.max(fewestTogether, Math.round(recorded.length / 10)));
  const blocks = Math.ceil(recorded.length / together);
  const calls = recorded.reduce((sum, run) => sum + run.calls.length, 0);
  const affordable = Math.floor((mostReplayed * recorded.length) / (next * Math.max(1, calls)));
  const futures = Math.min(mostFutures, Math.max(fewestFutures, affordable));
  return Array.from({ length: futures }, () => {
    const starts = Array.from({ length: blocks }, () => draw(recorded.length));
    const drawn: RecordedRun[] = [];
    while (drawn.length < next) {
      const from = draw(recorded.length);
      for (let step = 0; step < together && drawn.length < next; step++) {
        const at = (from + step) % recorded.length;
        drawn.push(recorded[(starts[Math.floor(at / together)]! + (at % together)) % recorded.length]!);
      }
    }
    return meanTime(drawn, limits);
  });
}

interface RecordedRun {
  readonly gapMs: number;
  readonly episode: Episode;
  readonly calls: readonly CallNode[];
}

function recordOf(episodes: readonly Episode[], queued: ReadonlySet<CallNode>): readonly RecordedRun[] {
  const first = Math.max(0, episodes.length - mostRuns);
  const spanMs = episodes.at(-1)!.startMs - episodes[0]!.startMs;
  return episodes.slice(first).map((episode, index) => {
    const { root, startMs } = episode;
    const before = episodes[first + index - 1];
    // Nothing came before the first one, which takes the mean for its gap.
    const gapMs = before === undefined ? spanMs / Math.max(1, episodes.length - 1) : startMs - before.startMs;
    const nodes = root === undefined ? [] : Array.from(walkTree(root));
    const calls = nodes.filter((node) => queued.has(node));
    return { gapMs, episode, calls };
  });
}

function meanTime(runs: readonly RecordedRun[], limits: QueueLimits): number {
  let now = 0;
  const queued = runs.flatMap(({ gapMs, episode, calls }, run) => {
    now += gapMs;
    return calls.map((node) => {
      const { startMs, durationMs, queueMs } = node.call;
      return { run, node, atMs: now + startMs - episode.startMs, serviceMs: durationMs - queueMs };
    });
  });
  queued.sort((a, b) => a.atMs - b.atMs);
  const waits = replayQueue(queued, limits);
  const takes = runs.map(() => new Map<CallNode, number>());
  queued.forEach(({ run, node, serviceMs }, index) => void takes[run]!.set(node, serviceMs + waits[index]!));
  let sum = 0;
  runs.forEach(({ episode: { root, durationMs } }, run) => {
    sum += root === undefined ? durationMs : replayDuration(root, (node) => takes[run]!.get(node));
  });
  return sum / runs.length;
}
