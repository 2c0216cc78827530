/** A Flock whose model says how many of its calls run at a time and when each began, for tests of limits. */

import type { LanguageModelV4 } from "@ai-sdk/provider";
import { DeclarativeAgent, Flock, type FlockOptions } from "../../../src/entries/index.ts";
import {
  createTestRuntime,
  type ScriptedParts,
  scriptedModel,
  type TestRuntime,
} from "../../../src/entries/testing.ts";

export interface WatchedModel {
  readonly model: LanguageModelV4;
  /** Monotonic milliseconds at which calls began. */
  readonly begun: number[];
  running: number;
  mostRunning: number;
}

export interface House {
  readonly runtime: TestRuntime;
  readonly flock: Flock;
  readonly watched: WatchedModel;
  readonly agent: DeclarativeAgent<"writer", "topic: str", "text: str">;
}

/** Makes a model of 100 ms a call that is counted while it runs, aborted ones too. */
export function watchedModel(
  runtime: TestRuntime,
  answer: ScriptedParts | ((call: number) => ScriptedParts) = {},
  modelId = "scripted",
): WatchedModel {
  const partsOf = (call: number): ScriptedParts => ({
    text: '{ "text": "done" }',
    delayMs: 100,
    ...(typeof answer === "function" ? answer(call) : answer),
  });
  let calls = 0;
  const inner = scriptedModel([() => partsOf(calls++)], { runtime, repeat: true, modelId });
  const watched: WatchedModel = { model: inner, begun: [], running: 0, mostRunning: 0 };
  const model: LanguageModelV4 = {
    ...inner,
    async doGenerate(request) {
      watched.begun.push(runtime.monotonic());
      watched.running += 1;
      watched.mostRunning = Math.max(watched.mostRunning, watched.running);
      try {
        return await inner.doGenerate(request);
      } finally {
        watched.running -= 1;
      }
    },
  };
  return Object.assign(watched, { model });
}

export function limitedHouse(
  options: FlockOptions = {},
  answer: ScriptedParts | ((call: number) => ScriptedParts) = {},
  runtime: TestRuntime = createTestRuntime(),
): House {
  const watched = watchedModel(runtime, answer);
  const flock = new Flock({ runtime, model: watched.model, recovery: false, ...options });
  const agent = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "text: str" });
  return { runtime, flock, watched, agent };
}

/** Gives the most entries of a sorted list of times in any window of a length. */
export function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! >= windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
