/** Runs behaviour tests and type tests alike, with coverage of all of src. */

import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["flock-source"] },
  ssr: { resolve: { conditions: ["flock-source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/property-seed.ts"],
    exclude: [...configDefaults.exclude, "test/llm/**"],
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] },
    reporters: ["default", "./scripts/summary-reporter.ts"],
    testTimeout: 20_000,
    // By itself it leaves one core idle, which on small machines is half of them.
    maxWorkers: "100%",
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: [["text", { skipFull: true }], "json-summary"],
      thresholds: { lines: 90, branches: 90, functions: 90, statements: 90 },
    },
  },
});
