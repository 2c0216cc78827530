/** Runs the whole gate, one step after the other, and goes on after a failure so that one run tells everything. */

import { spawn } from "node:child_process";
import { summaryLine } from "./summary-reporter.ts";

/** Name of the npm script and what it proves. */
const steps: readonly (readonly [script: string, proves: string])[] = [
  ["lint", "format and lint"],
  ["typecheck", "types with TypeScript 7"],
  ["typecheck:5.9", "types with TypeScript 5.9"],
  ["test", "architecture, repository, examples, behaviour, type tests, coverage"],
  ["build", "bundles, declarations, publint, are the types wrong"],
  ["check:package", "the packed package as its users install it"],
  ["check:unused", "unused files, exports and dependencies"],
  ["check:budgets", "bytes, import time, install size"],
];

const totals = { passed: 0, failed: 0, skipped: 0 };
const report: string[] = [];
const withoutTests = process.argv.includes("--without-tests");

for (const [script, proves] of steps) {
  if (script === "test" && withoutTests) continue;
  process.stdout.write(`\n── npm run ${script}: ${proves}\n`);
  const startedAt = performance.now();
  const { exitCode, output } = await run(script);
  const counts = script === "test" ? lastCounts(output) : undefined;
  if (counts !== undefined) {
    totals.passed += counts.passed;
    totals.failed += counts.failed;
    totals.skipped += counts.skipped;
  }
  if (exitCode !== 0 && (counts?.failed ?? 0) === 0) totals.failed += 1;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  report.push(`${exitCode === 0 ? "ok    " : "FAILED"} ${script.padEnd(14)} ${seconds.padStart(6)} s  ${proves}`);
}

process.stdout.write(`\n${report.join("\n")}\n${summaryLine(totals)}\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;

async function run(script: string): Promise<{ readonly exitCode: number; readonly output: string }> {
  const child = spawn("npm", ["run", "--silent", script], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    process.stdout.write(chunk);
    output = (output + chunk.toString()).slice(-10_000);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ exitCode: 1, output: error.message }));
    child.on("close", (code) => resolve({ exitCode: code ?? 1, output }));
  });
}

function lastCounts(output: string): typeof totals | undefined {
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  return last && { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3]) };
}
