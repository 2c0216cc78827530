/**
 * How long 200 agents that read answers of 1 MB at once hold the event loop, for valid and broken answers: the delay of a
 * timer less that of the idle process. Run it with `npm run bench:event-loop`.
 */

import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from "node:perf_hooks";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { DeclarativeAgent, Flock } from "../src/entries/index.ts";

const agents = 200;
const output = "title: str, rows: list[{ id: int, name: str, tags: list[str], score: float }]";

function answerOf(characters: number): string {
  const rows: unknown[] = [];
  for (let size = 0, id = 0; size < characters; id++) {
    const row = { id, name: `Row ${id} with a "name" of some length`, tags: ["alpha", "beta"], score: id / 7 };
    rows.push(row);
    size += JSON.stringify(row).length + 1;
  }
  return JSON.stringify({ title: "Report", rows });
}

const valid = answerOf(1_000_000);
const forms: readonly (readonly [name: string, text: string])[] = [
  ["valid", valid],
  ["fenced, in prose", `Here [as asked]:\n\`\`\`json\n${valid}\n\`\`\`\nDone {so}.`],
  ["trailing comma", `${valid.slice(0, -1)},}`],
  ["bare keys, one quote", valid.replaceAll(/"(id|name|tags|score|rows|title)":/g, "$1:").replaceAll('\\"', "'")],
  ["numbers as texts", valid.replaceAll(/"id":(\d+)/g, '"id":"$1"')],
];

interface Delays {
  /** Nanoseconds by which a timer came late. */
  readonly timer: ReturnType<typeof monitorEventLoopDelay>;
  /** Nanoseconds of this thread's own work between two turns, which other processes cannot lengthen. */
  readonly work: RecordableHistogram;
}

function agentsFor(text: string) {
  const model = networkModel(text);
  return Array.from(
    { length: agents + 2 },
    (_, id) => new DeclarativeAgent({ name: `reader_${id}`, input: "topic: str", output, model }),
  );
}

type Agent = ReturnType<typeof agentsFor>[number];

async function delaysOf(work: () => Promise<unknown>): Promise<Delays> {
  const timer = monitorEventLoopDelay({ resolution: 1 });
  const turns = createHistogram();
  let done = false;
  let before = process.threadCpuUsage();
  const turn = () => {
    const spent = process.threadCpuUsage(before);
    turns.record(Math.max(1, 1_000 * Math.round(spent.user + spent.system)));
    before = process.threadCpuUsage();
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  timer.enable();
  await work();
  // A last turn, so that the delay of what ran at the end is seen.
  await new Promise((resolve) => setTimeout(resolve, 20));
  timer.disable();
  done = true;
  return { timer, work: turns };
}

async function runAll(flock: Flock, built: readonly Agent[]): Promise<void> {
  const one = async (agent: Agent, id: number): Promise<void> => {
    const { rows } = await flock.run(agent, { topic: `topic ${id}` });
    if (rows.length < 1_000) throw new Error("an answer was cut short");
  };
  await Promise.all(built.map(one));
}

/** Answers as one does over a network: in a turn of its own, some time after it was asked. */
function networkModel(text: string): LanguageModelV4 {
  const usage = {
    inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 20, text: 20, reasoning: 0 },
  };
  return {
    specificationVersion: "v4",
    provider: "bench",
    modelId: "large",
    supportedUrls: {},
    doGenerate: () => {
      const finishReason = { unified: "stop" as const, raw: "stop" };
      const content = [{ type: "text" as const, text }];
      return new Promise((resolve) => setTimeout(() => resolve({ content, finishReason, usage, warnings: [] }), 20));
    },
    doStream: () => Promise.reject(new Error("not streamed here")),
  };
}

const milliseconds = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(1).padStart(8);

const idle = await delaysOf(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
const baseline = idle.timer.percentile(50);
console.log(
  `${agents} agents with answers of 1 MB at once; milliseconds, less ${milliseconds(baseline).trim()} when idle`,
);
console.log(`${"".padEnd(24)}a timer comes late by                  work between two turns`);
console.log(`${"answers".padEnd(24)}     p50      p99    p99.9      max      p99    p99.9      max   all took`);
for (const [name, text] of forms) {
  await using flock = new Flock({});
  const built = agentsFor(text);
  await runAll(flock, built.slice(0, 2));
  const start = performance.now();
  const { timer, work } = await delaysOf(() => runAll(flock, built.slice(2)));
  const took = performance.now() - start;
  const late = [50, 99, 99.9, 100].map((share) => milliseconds(Math.max(0, timer.percentile(share) - baseline)));
  const own = [99, 99.9, 100].map((share) => milliseconds(work.percentile(share)));
  console.log(`${name.padEnd(24)}${late.join(" ")} ${own.join(" ")}   ${(took / 1000).toFixed(1)} s`);
}
