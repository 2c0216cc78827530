/** The recorder as a Flock holds it: its code is imported with the first run, since no program needs it to start. */

import type { FlockEvent } from "../../core/events/event.ts";
import { type EventListener, internal } from "../../core/events/event-dispatcher.ts";
import { InputReference, liveInput } from "../../core/events/input-reference.ts";
import { type CallRecord, type RunHistory, type RunRecord, recordedEvents } from "../../core/events/run-history.ts";
import { canonicalText } from "../../core/json/canonical-key.ts";
import type { AgentMetrics } from "../measure/agent-metrics.ts";
import type { RunRecorder, RunRecorderOptions } from "./run-recorder.ts";

/** Events after which further calls are not recorded while they wait; an import takes a few milliseconds. */
const mostWaiting = 262_144;

/**
 * Records like a {@link RunRecorder}. Until there is one events wait, and a call's input waits as the text it had when the
 * call began; {@link loading} tells when they are recorded.
 */
export class LateRecorder implements RunHistory, EventListener {
  readonly name = "recorder";
  readonly mask = recordedEvents;
  readonly [internal] = true;
  /** Settles once everything so far is recorded; undefined when it is. Never rejects: what cannot be imported records nothing. */
  loading: Promise<void> | undefined = undefined;
  readonly #options: RunRecorderOptions;
  #recorder: RunRecorder | undefined = undefined;
  #waiting: (readonly [FlockEvent, output: unknown])[] = [];

  constructor(options: RunRecorderOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#recorder?.size ?? 0;
  }

  runs(name?: string): readonly RunRecord[] {
    return this.#recorder?.runs(name) ?? [];
  }

  calls(name?: string): readonly CallRecord[] {
    return this.#recorder?.calls(name) ?? [];
  }

  metricsOf(name: string, create: (name: string) => AgentMetrics): AgentMetrics | undefined {
    return this.#recorder?.metricsOf(name, create);
  }

  clear(): void {
    this.#waiting = [];
    this.#recorder?.clear();
  }

  notify(event: FlockEvent, output?: unknown): void {
    if (this.#recorder !== undefined) return this.#recorder.notify(event, output);
    const isOfRun = event.type === "run-start" || event.type === "run-end";
    if (isOfRun || this.#waiting.length < mostWaiting) {
      this.#waiting.push([asItIsNow(event), this.#answerAsItIsNow(event, output)]);
    }
    this.loading ??= this.#load();
  }

  /** Hashed from the first run on only where all answers are. */
  #answerAsItIsNow(event: FlockEvent, output: unknown): unknown {
    const isHashed =
      event.type === "call-end" && event.kind === "agent" && this.#options.sink?.comparesAnswers === true;
    return isHashed && output !== undefined ? jsonCopy(output) : undefined;
  }

  async #load(): Promise<void> {
    try {
      const { RunRecorder } = await import("./run-recorder.ts");
      this.#recorder = new RunRecorder(this.#options);
      for (const [event, output] of this.#waiting) this.#recorder.notify(event, output);
    } catch {}
    this.#waiting = [];
    this.loading = undefined;
  }
}

/** Its caller may change an input while the event waits. A model's is not hashed, and is the largest by far. */
function asItIsNow(event: FlockEvent): FlockEvent {
  if (event.type !== "call-start") return event;
  const isHashed = event.kind !== "model";
  return { ...event, input: new InputReference(isHashed ? jsonCopy(liveInput(event.input)) : undefined) };
}

/** Gives what hashes as the value does; undefined for what is no JSON and has no hash. */
function jsonCopy(value: unknown): unknown {
  try {
    return JSON.parse(canonicalText(value));
  } catch {
    return undefined;
  }
}
