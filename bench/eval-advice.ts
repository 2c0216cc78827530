/** Prints how true advice is: `npm run eval:advice` for five seeds, `npm run eval:advice -- 20` for more. */

import { type AdviceOutcome, type ComparedFigure, evaluate } from "./advice-evaluation.ts";
import { adviceWorkloads } from "./advice-workloads.ts";

const seeds = Number(process.argv[2] ?? 5);
const outcomes: { readonly outcome: AdviceOutcome; readonly shifts: boolean; readonly nothing: boolean }[] = [];
for (const workload of adviceWorkloads) {
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await evaluate(workload, seed);
    outcomes.push({ outcome, shifts: workload.shifts === true, nothing: workload.expects === undefined });
    if (seed === 1) printOne(outcome);
  }
}
printSummary();

function printOne({ workload, advised, figures, verdict, falseAdvice, missed }: AdviceOutcome): void {
  console.log(`\n${workload}`);
  console.log(
    `  advised: ${advised.join(", ") || "nothing"}${missed ? "  MISSED" : ""}${falseAdvice.length > 0 ? `  FALSE: ${falseAdvice.join(", ")}` : ""}`,
  );
  for (const figure of figures) {
    const { metric, before, predicted, low, high, measured } = figure;
    const range = `${round(predicted)} (${round(low)} to ${round(high)})`;
    console.log(`  ${metric.padEnd(20)} before ${round(before)}, predicted ${range}, measured ${round(measured)}`);
  }
  console.log(`  ${verdict}`);
}

function printSummary(): void {
  const steady = outcomes.filter(({ shifts }) => !shifts).flatMap(({ outcome }) => outcome.figures);
  const covered = steady.filter(({ low, high, measured }) => measured >= low - 1e-9 && measured <= high + 1e-9);
  const times = steady.filter(({ metric }) => metric === "avgExecutionTimeMs");
  const costs = steady.filter(({ metric }) => metric === "costMicroUsd");
  const hits = steady.filter(({ metric }) => metric === "cacheHitRate");
  const worse = outcomes.filter(
    ({ outcome }) => outcome.followed !== undefined && !outcome.promisedMore && outcome.endMs > outcome.beforeMs * 1.1,
  );
  console.log(`\n${adviceWorkloads.length} workloads, ${seeds} seeds, ${outcomes.length} trials`);
  console.log(`figures within their 95 % interval      ${share(covered.length, steady.length)}`);
  console.log(`latency, |measured / predicted − 1|     ${errors(times.map(relative))}`);
  console.log(`cost, |measured / predicted − 1|        ${errors(costs.map(relative))}`);
  console.log(
    `cache hit rate, |difference| in points  ${errors(hits.map(({ predicted, measured }) => 100 * Math.abs(predicted - measured)))}`,
  );
  const real = outcomes.reduce((sum, { outcome }) => sum + outcome.realHits, 0);
  const replayed = outcomes.reduce((sum, { outcome }) => sum + Math.abs(outcome.realHits - outcome.replayedHits), 0);
  console.log(`hits of real caches told wrongly, call by call  ${share(replayed, real)}`);
  console.log("mean over the seeds, measured against predicted:");
  for (const { name, shifts } of adviceWorkloads) if (shifts !== true) printBias(name);
  console.log(`missed advice                           ${count(({ missed }) => missed)}`);
  console.log(`false advice                            ${count(({ falseAdvice }) => falseAdvice.length > 0)}`);
  console.log(`left slower after the verdict           ${worse.length}`);
  for (const { outcome } of worse)
    console.log(`  ${outcome.workload}: ${round(outcome.beforeMs)} → ${round(outcome.endMs)} ms. ${outcome.verdict}`);
  for (const { outcome } of outcomes.filter(({ outcome }) => outcome.missed || outcome.falseAdvice.length > 0))
    console.log(`  ${outcome.workload}: ${outcome.missed ? "missed" : `false: ${outcome.falseAdvice.join(", ")}`}`);
  const rolled = outcomes.filter(({ outcome }) => outcome.verdict.includes("rolled back"));
  console.log(
    `rolled back                             ${rolled.length}, of which ${rolled.filter(({ shifts }) => shifts).length} where the runs shifted`,
  );
}

/** Chance evens out over seeds; what is left is what the simulator gets wrong. */
function printBias(name: string): void {
  const firsts = outcomes.flatMap(({ outcome }) => (outcome.workload === name ? outcome.figures.slice(0, 1) : []));
  if (firsts.length === 0) return;
  const mean = (read: (figure: ComparedFigure) => number): number =>
    firsts.reduce((sum, one) => sum + read(one), 0) / firsts.length;
  const [predicted, measured] = [mean((one) => one.predicted), mean((one) => one.measured)];
  console.log(
    `  ${name.padEnd(42)}${round(predicted).padStart(8)} → ${round(measured).padStart(8)}  ${firsts[0]!.metric} (${round(100 * (measured / predicted - 1))} %)`,
  );
}

function relative({ predicted, measured }: ComparedFigure): number {
  return 100 * Math.abs(measured / predicted - 1);
}

function errors(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): string => round(sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0);
  return `median ${at(0.5)}, 90 % ${at(0.9)}, most ${at(1)} (${sorted.length} figures)`;
}

function share(part: number, all: number): string {
  return `${part} of ${all} (${round((100 * part) / Math.max(1, all))} %)`;
}

function count(has: (outcome: AdviceOutcome) => boolean): number {
  return outcomes.filter(({ outcome }) => has(outcome)).length;
}

function round(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
