/** Runs the tests on a real language model against the packed package, where its users have it: beside node-llama-cpp. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const dist = fileURLToPath(new URL("project/node_modules/flock-ts/dist/", import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: {
    alias: [
      { find: /^flock-ts$/, replacement: `${dist}index.js` },
      { find: /^flock-ts\/(.+)$/, replacement: `${dist}$1.js` },
    ],
  },
  test: {
    include: ["test/llm/*.test.ts"],
    reporters: ["default", "./scripts/summary-reporter.ts"],
    // One model in memory at a time; a small machine takes seconds for an answer.
    fileParallelism: false,
    testTimeout: 90_000,
    disableConsoleIntercept: true,
    env: { FLOCK_MODEL: "" },
  },
});
