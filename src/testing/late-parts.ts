/** Has at hand what is otherwise imported when first needed, so that a clock that is moved never runs ahead of a file. */

import { Predict } from "../agent/predict.ts";
import { RunRecorder } from "../introspection/record/run-recorder.ts";
import { cachedCalls } from "../layers/cache/calls/cached-calls.ts";
import { recover } from "../layers/recovery/recover.ts";
import { ResourceDesk } from "../layers/resources/resource-desk.ts";
import { modelError } from "../models/vendor/model-error.ts";

/** Those parts; held by each test runtime, or a bundler would leave them out. */
export const lateParts: readonly unknown[] = [Predict, RunRecorder, cachedCalls, recover, ResourceDesk, modelError];
