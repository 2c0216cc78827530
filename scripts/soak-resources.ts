/** Runs very many random schedules against the limiter and prints how many, with their seeds: `npm run soak:resources -- 1000000 7`. */

import { runSchedule } from "../test/layers/resources/random-schedule.ts";

const schedules = Number(process.argv[2] ?? 1_000_000);
const firstSeed = Number(process.argv[3] ?? 1);
const stepsEach = Number(process.argv[4] ?? 20);
const totals = { steps: 0, asked: 0, granted: 0, refused: 0 };
const startedAt = performance.now();
for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
  const counts = await runSchedule(seed, stepsEach);
  for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += counts[key];
  if ((seed - firstSeed + 1) % 50_000 === 0)
    process.stdout.write(`${seed - firstSeed + 1} schedules: ${JSON.stringify(totals)}\n`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
process.stdout.write(
  `${schedules} schedules of ${stepsEach} steps, seeds ${firstSeed} to ${firstSeed + schedules - 1}, in ${seconds} s: ` +
    `${totals.asked} asked, ${totals.granted} granted, ${totals.refused} refused, never over a limit, nobody left waiting\n`,
);
