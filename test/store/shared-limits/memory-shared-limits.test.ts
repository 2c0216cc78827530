import { createTestRuntime } from "../../../src/testing/test-runtime.ts";
import { MemorySharedLimits } from "./memory-shared-limits.ts";
import { describeSharedLimits } from "./shared-limits-conformance.ts";

describeSharedLimits("memory", async () => {
  const runtime = createTestRuntime();
  return { limits: new MemorySharedLimits(runtime, 600), pass: (ms) => runtime.clock.advance(ms) };
});
