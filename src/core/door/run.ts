/** Starts runs: the way in from user code. Inside a run, `context.call` is the only way to nest. */

import { defaultEnvironment, type RunEnvironment } from "../environment.ts";
import { FlockError } from "../errors/errors.ts";
import { defaultEventTypes, eventBits, maskOf } from "../events/event.ts";
import { EventDispatcher, type EventListener } from "../events/event-dispatcher.ts";
import { rootPath } from "../layer-plan.ts";
import type { AnyRunnable, Runnable } from "../runnable.ts";
import { door } from "./door.ts";
import { type Call, createRootCall } from "./execution-context.ts";
import { checkRunOptions, type RunOptions } from "./run-options.ts";
import { RunScope } from "./run-scope.ts";
import { RunStream } from "./run-stream.ts";

/** What a run of this runnable gives. */
export type OutputOf<R> = R extends { readonly "~out"?: infer Output } ? Exclude<Output, undefined> : unknown;
/** What a call of this runnable takes. */
export type InputOf<R> = R extends { readonly "~in"?: infer Input } ? Exclude<Input, undefined> : unknown;

/** What a run of this runnable can be started with: its input, or the bare value where it has one plain field. */
export type RunInput<R> = InputOf<R> | BareInputOf<InputOf<R>>;
type BareInputOf<Input> = Input extends object ? PlainPart<Input[SoleKey<Input>]> : never;
type SoleKey<Input, Key = keyof Input> = Key extends keyof Input ? ([keyof Input] extends [Key] ? Key : never) : never;
type PlainPart<Value> = unknown extends Value ? never : Exclude<Value, object> | Extract<Value, readonly unknown[]>;

/**
 * Runs a runnable as a run of its own. A bare value becomes an object where the input takes one. Never throws
 * synchronously: every failure is a rejection, an abort with the signal's own reason.
 */
export function executeRun<Input, Output>(
  runnable: Runnable<Input, Output>,
  input: unknown,
  options?: RunOptions,
): Promise<Output> {
  try {
    const call = prepare(runnable as AnyRunnable, input, options, undefined);
    return begin(call, options) as Promise<Output>;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Like {@link executeRun}, and hands out events and partial answers on the way; models are asked to stream. */
export function streamRun<Input, Output>(
  runnable: Runnable<Input, Output>,
  input: unknown,
  options?: RunOptions,
): RunStream<Output> {
  const stream = new RunStream<Output>(`${rootPath}/${runnable.name.replaceAll("/", ":")}#0`);
  try {
    const call = prepare(runnable as AnyRunnable, input, options, stream);
    stream.follow(begin(call, options) as Promise<Output>, (reason) => call.cancel(reason));
  } catch (error) {
    stream.follow(Promise.reject(error), () => {});
  }
  return stream;
}

function prepare(
  runnable: AnyRunnable,
  input: unknown,
  options: RunOptions | undefined,
  stream: EventListener | undefined,
): Call {
  if (options !== undefined) checkRunOptions(runnable.name, options);
  const environment = options?.flock ?? defaultEnvironment();
  if (environment.closed === true) throw closedError();
  const run = new RunScope(door, environment, eventsFor(environment, options, stream), options);
  if (runnable.providers !== undefined) run.watch(runnable.providers, rootPath, true);
  return createRootCall(run, runnable, asObject(runnable, input));
}

function begin(call: Call, options: RunOptions | undefined): Promise<unknown> {
  const { run, runnable } = call;
  const signal = options?.signal;
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (signal !== undefined) {
    const onAbort = (): void => call.cancel(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    run.onFinish = () => signal.removeEventListener("abort", onAbort);
  }
  if ((run.events.mask & eventBits["run-start"]) !== 0) {
    const time = run.wallTime(run.startedAt);
    const { name, kind } = runnable;
    run.events.emit({ v: 1, type: "run-start", runId: run.id, path: rootPath, time, name, kind, tenant: run.tenant });
  }
  const ended = door.enter(call);
  const recording = run.environment.recording?.();
  return recording === undefined ? ended : ended.finally(() => recording);
}

/** The environment's own listeners when nobody else listens, so that most runs make no dispatcher. */
function eventsFor(
  environment: RunEnvironment,
  options: RunOptions | undefined,
  stream: EventListener | undefined,
): EventDispatcher {
  const onEvent = options?.onEvent;
  if (onEvent === undefined && stream === undefined) return environment.events;
  const events = new EventDispatcher(environment.events);
  if (stream !== undefined) events.add(stream);
  if (onEvent !== undefined) {
    events.add({ name: "onEvent", mask: maskOf(options?.events ?? defaultEventTypes), notify: onEvent });
  }
  return events;
}

function closedError(): FlockError<"cancelled"> {
  return new FlockError("cancelled", "this Flock was disposed; make a new one for further runs", {
    details: { reason: "disposed" },
  });
}

function asObject(runnable: AnyRunnable, input: unknown): unknown {
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input;
  const field = runnable.input?.bareField;
  if (field !== undefined) return { [field]: input };
  if (runnable.input === undefined) return input;
  const names = runnable.input.fields.map((known) => known.name).join(", ");
  const message = `${runnable.name} takes an object with the fields ${names}; a bare value is taken only where there is one plain field`;
  throw new FlockError("input_invalid", message, {
    details: { pointer: "", issues: [{ pointer: "", message, expected: "an object", received: typeof input }] },
  });
}
