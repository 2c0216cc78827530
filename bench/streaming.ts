/**
 * Times watching long answers that come in 20-character pieces: nobody reads, partial answers are read, everything is
 * read. Four times the answer should take four times as long. Run it with `npm run bench:streaming`.
 */

import { DeclarativeAgent, Flock, type RunStream } from "../src/entries/index.ts";
import { scriptedModel } from "../src/entries/testing.ts";

type Output = { title: string; rows: string[] };
type Reading = (stream: RunStream<Output>) => Promise<number>;

const mebi = 1024 * 1024;

const readers: readonly (readonly [label: string, read: Reading])[] = [
  ["nobody reads", async () => 0],
  [
    "partials",
    async (stream) => {
      let count = 0;
      for await (const _ of stream.partials) count += 1;
      return count;
    },
  ],
  [
    "partials, left at half",
    async (stream) => {
      let count = 0;
      for await (const { rows = [] } of stream.partials) if (count++ > 1_000 && rows.length > 1_000) break;
      return count;
    },
  ],
  [
    "events and partials",
    async (stream) => {
      const values = readers[1]![1](stream);
      for await (const event of stream)
        if (event.type === "delta" && event.delta.kind === "partial") void event.delta.value;
      return values;
    },
  ],
];

const answers: readonly (readonly [label: string, make: (characters: number) => Output])[] = [
  ["one text", (characters) => ({ title: "x".repeat(characters), rows: [] })],
  [
    "list of 16-character rows",
    (characters) => ({ title: "t", rows: Array(Math.ceil(characters / 19)).fill("a row of letters") }),
  ],
];

async function watch(output: Output, read: Reading): Promise<string> {
  const agent = new DeclarativeAgent({ name: "a", input: "x: str", output: "title: str, rows: list[str]" });
  await using flock = new Flock({ model: scriptedModel([{ json: output, pieces: 20 }]) });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let running = true;
  const sample = (): void => {
    most = Math.max(most, process.memoryUsage().heapUsed - before);
    if (running) setImmediate(sample);
  };
  const start = performance.now();
  const stream = agent.stream("x", { flock });
  const told = stream as unknown as { notify(event: unknown): void };
  const notify = told.notify.bind(stream);
  let events = 0;
  told.notify = (event) => {
    if (++events % 1_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
    notify(event);
  };
  sample();
  const partials = await read(stream);
  await stream.result;
  running = false;
  const ms = performance.now() - start;
  return `${ms.toFixed(0).padStart(7)} ms ${(most / mebi).toFixed(0).padStart(6)} MB at most ${String(partials).padStart(8)} partials`;
}

for (const [answer, make] of answers) {
  for (const [reader, read] of readers) {
    for (const size of [mebi, 4 * mebi]) {
      console.log(`${answer.padEnd(26)} ${reader.padEnd(22)} ${size / mebi} MB ${await watch(make(size), read)}`);
    }
  }
}
