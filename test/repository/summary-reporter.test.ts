/** Runs a real test run of a small invented project and reads its last line. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "./manifest.ts";

function lastLineOf(files: Readonly<Record<string, string>>): {
  readonly line: string;
  readonly status: number | null;
} {
  const folder = join(repository, ".cache/summary-reporter");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const reporter = join(repository, "scripts/summary-reporter.ts");
  const config = { reporters: ["default", reporter], typecheck: { enabled: true, tsconfig: "tsconfig.json" } };
  const project = {
    ...files,
    "vitest.config.ts": `export default ${JSON.stringify({ test: config })};`,
    "tsconfig.json": JSON.stringify({ extends: "../../tsconfig.json", include: ["*.test-d.ts"] }),
  };
  for (const [path, text] of Object.entries(project)) writeFileSync(join(folder, path), text);
  const vitest = join(repository, "node_modules/vitest/vitest.mjs");
  const { stdout, status } = spawnSync(process.execPath, [vitest, "run", "--root", folder], { encoding: "utf8" });
  return { line: stdout.trimEnd().split("\n").at(-1) ?? "", status };
}

const passing =
  'import { it } from "vitest"; it("passes", () => {}); it.skip("is skipped", () => {}); it.todo("waits");';

it("counts tests and type tests that pass, and those skipped", { timeout: 120_000 }, () => {
  const files = {
    "a.test.ts": passing,
    "a.test-d.ts": 'import { expectTypeOf, it } from "vitest"; it("has a type", () => expectTypeOf(1).toBeNumber());',
  };
  expect(lastLineOf(files)).toEqual({ line: "2 passed, 0 failed, 2 skipped", status: 0 });
});

it("counts failing tests, failing type tests, files that do not load and stray errors", { timeout: 120_000 }, () => {
  const files = {
    "a.test.ts": `${passing} it("fails", () => { throw new Error("no"); });`,
    "a.test-d.ts": 'import { expectTypeOf, it } from "vitest"; it("has a type", () => expectTypeOf("1").toBeNumber());',
    "b.test.ts": 'throw new Error("does not load");',
    "c.test.ts": 'import { it } from "vitest"; it("leaves", () => { Promise.reject(new Error("stray")); });',
  };
  expect(lastLineOf(files)).toEqual({ line: "2 passed, 4 failed, 2 skipped", status: 1 });
});
