/** Has at hand what is otherwise imported when first needed, so that a clock that is moved never runs ahead of a file. */

import { furtherAnswers } from "../agent/further-answers.ts";
import { PartialAnswer } from "../agent/partial-answer.ts";
import { Predict } from "../agent/predict.ts";
import { describeFailure } from "../core/events/describe-failure.ts";
import { Pacer } from "../core/runtime/pacer.ts";
import { AgentMetrics } from "../introspection/measure/agent-metrics.ts";
import { RunRecorder } from "../introspection/record/run-recorder.ts";
import { cachedCalls } from "../layers/cache/calls/cached-calls.ts";
import { AnswerTimes } from "../layers/recovery/attempt/answer-times.ts";
import { startStreamLimits } from "../layers/recovery/attempt/declared-limits.ts";
import { lead } from "../layers/recovery/hedge/hedge.ts";
import { recover } from "../layers/recovery/loop/recover.ts";
import { ResourceDesk } from "../layers/resources/resource-desk.ts";
import { fromV2 } from "../models/adapt-model-v2.ts";
import { fromV3 } from "../models/adapt-model-v3.ts";
import { collectStream } from "../models/collect-stream.ts";
import { lexicalEmbedder } from "../models/offline/lexical-embedder.ts";
import { offlineModel } from "../models/offline/offline-model.ts";
import { PriceBook } from "../models/pricing/price-book.ts";
import { modelError } from "../models/vendor/model-error.ts";
import { PartialOutput } from "../patterns/partial-output.ts";
import { readValue } from "../prompt/read/read-value.ts";

/** Those parts; held by each test runtime, or a bundler would leave them out. */
export const lateParts: readonly unknown[] = [
  ...[furtherAnswers, PartialAnswer, Predict, PartialOutput, readValue, Pacer],
  ...[collectStream, fromV2, fromV3, modelError, offlineModel, lexicalEmbedder, PriceBook],
  ...[cachedCalls, recover, ResourceDesk, describeFailure, RunRecorder, AgentMetrics],
  ...[lead, AnswerTimes, startStreamLimits],
];
