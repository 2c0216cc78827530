/**
 * Runs every test file that has properties under new seeds, which finds what the one seed of `npm test` does not.
 * `npm run test:seeds -- 20` tries twenty, `npm run test:seeds -- 5 900` five from 900 on; it names the seeds that failed.
 */

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

const [count = 5, first = Date.now() % 1_000_000_000] = process.argv.slice(2).map(Number);
const files = globSync("test/**/*.test.ts", { exclude: ["test/llm/**"] }).filter((file) =>
  readFileSync(file, "utf8").includes('from "fast-check"'),
);
const failed: number[] = [];

for (let seed = first; seed < first + count; seed++) {
  const options = ["--typecheck.enabled=false", "--coverage.enabled=false", "--silent=true"];
  const { status } = spawnSync("npx", ["vitest", "run", ...options, ...files], {
    stdio: "inherit",
    env: { ...process.env, FLOCK_TEST_SEED: String(seed) },
  });
  if (status !== 0) failed.push(seed);
}
console.log(
  failed.length === 0 ? `${count} seeds from ${first} passed` : `failed with FLOCK_TEST_SEED=${failed.join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
