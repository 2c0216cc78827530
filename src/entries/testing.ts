/** The front door `flock-ts/testing`: a deterministic outside world and models that answer what they are told. */

export type { ModelExchange, RecordedError } from "../testing/model-exchange.ts";
export { type RecordModelOptions, recordModel } from "../testing/recording-model.ts";
export { type ReplayModelOptions, replayModel } from "../testing/replay-model.ts";
export {
  type ScriptedAnswer,
  type ScriptedModel,
  type ScriptedModelOptions,
  scriptedModel,
} from "../testing/scripted-model.ts";
export type { ScriptedParts, ScriptedStop } from "../testing/scripted-parts.ts";
export { createTestContext, type TestContext, type TestContextOptions } from "../testing/test-context.ts";
export {
  createTestRuntime,
  type TestClock,
  type TestRuntime,
  type TestRuntimeOptions,
} from "../testing/test-runtime.ts";
