import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["flock-source"] },
  ssr: { resolve: { conditions: ["flock-source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] },
    coverage: {
      provider: "v8",
      include: ["src/**"],
      thresholds: { lines: 90, branches: 90, functions: 90, statements: 90 },
    },
  },
});
