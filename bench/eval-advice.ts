/**
 * Prints how true advice is compared with what can be foretold at all: `npm run eval:advice`, with other or more seeds by
 * `npm run eval:advice -- --seeds 40 --first 1000`, with more futures of each change by `--futures 100`, one workload by
 * `--only drift`, or only the planted changes by `--only planted`.
 */

import { parseArgs } from "node:util";
import { type ComparedTrial, compareTrials } from "./advice-comparison.ts";
import { type AdviceOutcome, evaluate } from "./advice-evaluation.ts";
import { Oracle } from "./advice-oracle.ts";
import { printComparison, printPlanted, printSummary, printVerdicts } from "./advice-table.ts";
import { adviceWorkloads } from "./advice-workloads.ts";
import { type PlantedOutcome, plant, plantedChanges, plantedNoises } from "./planted-changes.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "8" },
    first: { type: "string", default: "1" },
    futures: { type: "string", default: "40" },
    only: { type: "string", default: "" },
  },
});
const [seeds, first, futures] = [Number(values.seeds), Number(values.first), Number(values.futures)];
if (![seeds, first, futures].every((one) => Number.isSafeInteger(one) && one >= 1) || futures < 3)
  throw new Error("expected whole numbers, 1 or more (futures: 3 or more): -- --seeds 40 --first 1000 --futures 100");

const outcomes: AdviceOutcome[] = [];
const compared: ReturnType<typeof compareTrials>[number][] = [];
const followed: ComparedTrial[] = [];
const oracle = new Oracle(futures);
const wanted = values.only;
for (const workload of adviceWorkloads.filter(({ name }) => name.startsWith(wanted) && wanted !== "planted")) {
  const trials: ComparedTrial[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = await evaluate(workload, seed);
    outcomes.push(outcome);
    if (outcome.suggestion === undefined) continue;
    trials.push({ outcome, futures: await oracle.after(outcome) });
  }
  followed.push(...trials.filter(({ outcome }) => outcome.status !== undefined));
  if (workload.shifts !== true) compared.push(...compareTrials(workload.name, trials));
}
console.log(
  `${outcomes.length} trials: seeds ${first} to ${first + seeds - 1}, each change tried in ${futures} futures\n`,
);
printComparison(compared);
printSummary(outcomes, compared);
printVerdicts(followed);
if (wanted === "" || wanted === "planted") {
  const planted: PlantedOutcome[] = [];
  for (const change of plantedChanges)
    for (const noise of plantedNoises) planted.push(await plant(change, noise, 2 * seeds));
  printPlanted(planted);
}
