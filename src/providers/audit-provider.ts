/** Writes down what happened, one JSON line an event, without what was said. */

import { type FileHandle, open } from "node:fs/promises";
import { codeOf } from "../core/errors/errors.ts";
import {
  checkOptions,
  nameString,
  nonEmptyString,
  type OptionCheck,
  optionError,
  wholeNumber,
} from "../core/errors/options.ts";
import { describeFailure } from "../core/events/describe-failure.ts";
import { defaultEventTypes, type EventType, eventBits, type FlockEvent } from "../core/events/event.ts";
import { describeFailuresWith } from "../core/events/failure-reference.ts";
import type { Provider } from "../core/events/provider.ts";

const longestLine = 65_536;
const batchLength = 65_536;

/** Where lines go: anything with `write`, such as a Node stream. A promise, or `false` and a `drain` event, makes it wait. */
export interface AuditSink {
  write(line: string): unknown;
}

/** What is written down, and where. Exactly one of `path` and `sink`. */
export interface AuditProviderOptions {
  /** A file to append to; it is made readable by its owner alone (mode 0600). */
  readonly path?: string;
  /** Gets each line, its line break included; is not closed. */
  readonly sink?: AuditSink;
  /** The events that are written. @default all but `delta` and `output` */
  readonly events?: readonly EventType[];
  /** Lines that may wait for the sink; more are dropped and counted. @default 10000 */
  readonly maxPending?: number;
  /** Name of the provider. @default "audit" */
  readonly name?: string;
}

/** What became of the lines so far. */
export interface AuditCounts {
  readonly written: number;
  readonly pending: number;
  /** Lines that found the buffer full, or came after disposal. */
  readonly dropped: number;
  /** Lines that could not be made or written. */
  readonly failed: number;
  /** Code of the last failure. */
  readonly lastError: string | undefined;
}

/**
 * A provider that appends one line of JSON an event. Inputs appear as hash and size, outputs and deltas without their
 * value; what the user emits (`custom`) appears as it is. Lines are written in order, in the background: a run never waits
 * for them and never fails because of them. `drain` and disposal write what is pending.
 */
export class AuditProvider implements Provider {
  readonly name: string;
  readonly events: readonly EventType[];
  readonly #path: string | undefined;
  readonly #maxPending: number;
  #sink: AuditSink | undefined;
  #file: FileHandle | undefined;
  #pending: string[] = [];
  #flushing: Promise<void> | undefined;
  #inHand = 0;
  #written = 0;
  #dropped = 0;
  #failed = 0;
  #lastError: string | undefined;
  #closed = false;
  readonly #onStreamError = (error?: unknown): void => this.#fail(0, error);

  /** @throws option_invalid for an unknown option, a wrong value, or not exactly one of `path` and `sink`. */
  constructor(options: AuditProviderOptions) {
    describeFailuresWith(describeFailure);
    checkOptions("AuditProvider", options, {
      path: nonEmptyString,
      sink: sinkOption,
      events: eventsOption,
      maxPending: wholeNumber(1),
      name: nameString,
    });
    if ((options.path === undefined) === (options.sink === undefined)) {
      const given = options.path === undefined ? undefined : { path: 1, sink: 1 };
      throw optionError("AuditProvider", "path", "given, or sink, but not both", given);
    }
    this.name = options.name ?? "audit";
    this.events = options.events ?? defaultEventTypes.filter((type) => type !== "output");
    this.#path = options.path;
    this.#sink = options.sink;
    // A stream whose error nobody hears ends the process; an audit must not.
    streamOf(options.sink)?.on?.("error", this.#onStreamError);
    this.#maxPending = options.maxPending ?? 10_000;
  }

  get counts(): AuditCounts {
    const pending = this.#pending.length + this.#inHand;
    return {
      ...{ written: this.#written, pending, dropped: this.#dropped, failed: this.#failed },
      lastError: this.#lastError,
    };
  }

  /** Takes an event down; the input is hashed now, before anyone can change it. */
  handle(event: FlockEvent): void {
    if (this.#closed || this.#pending.length + this.#inHand >= this.#maxPending) {
      this.#dropped++;
      return;
    }
    try {
      this.#pending.push(auditLine(event));
    } catch (error) {
      this.#fail(1, error);
      return;
    }
    this.#flushing ??= this.#flush();
  }

  /** Resolves when all that is pending is written, or has failed. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  /** Writes what is pending and closes the file; later events are dropped and counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    const file = this.#file;
    this.#file = undefined;
    streamOf(this.#sink)?.off?.("error", this.#onStreamError);
    this.#sink = undefined;
    await file?.close().catch((error) => this.#fail(0, error));
  }

  async #flush(): Promise<void> {
    // Lines of the same moment go out together.
    await undefined;
    while (this.#pending.length > 0) {
      const lines = this.#takeBatch();
      this.#inHand = lines.length;
      try {
        const sink = await this.#open();
        await this.#write(sink, lines);
      } catch (error) {
        this.#fail(this.#inHand, error);
      }
      this.#inHand = 0;
    }
    this.#flushing = undefined;
  }

  /** A file takes many lines at once, a sink of the user's gets them one by one. */
  #takeBatch(): string[] {
    if (this.#path === undefined) return this.#pending.splice(0, 64);
    let length = 0;
    let count = 0;
    while (count < this.#pending.length && length < batchLength) length += this.#pending[count++]!.length;
    return this.#pending.splice(0, count);
  }

  async #write(sink: AuditSink, lines: readonly string[]): Promise<void> {
    if (this.#path !== undefined) {
      await sink.write(lines.join(""));
      this.#written += lines.length;
      return;
    }
    for (const line of lines) {
      try {
        const { destroyed, writableEnded } = sink as StreamSink;
        if (destroyed === true || writableEnded === true)
          throw Object.assign(new Error("closed"), { code: "sink_closed" });
        const taken = sink.write(line);
        if (isPromise(taken)) await taken;
        else if (taken === false) await drained(sink);
        this.#written++;
      } catch (error) {
        this.#fail(1, error);
      }
      this.#inHand--;
    }
  }

  async #open(): Promise<AuditSink> {
    if (this.#sink !== undefined) return this.#sink;
    const file = await open(this.#path!, "a", 0o600);
    this.#file = file;
    this.#sink = { write: (line) => file.appendFile(line) };
    return this.#sink;
  }

  #fail(lines: number, error: unknown): void {
    this.#failed += lines;
    const code = (error as { code?: unknown } | null)?.code;
    this.#lastError = typeof code === "string" ? code : codeOf(error);
  }
}

/** Writes one event as a line. A line that would be very long keeps the head of its event alone. */
function auditLine(event: FlockEvent): string {
  const line = JSON.stringify(withoutContent(event));
  if (line.length <= longestLine) return `${line}\n`;
  const { v, type, runId, path, time } = event;
  return `${JSON.stringify({ v, type, runId, path, time, truncated: true, length: line.length })}\n`;
}

function withoutContent(event: FlockEvent): object {
  if (event.type === "output") return { ...event, value: undefined };
  if (event.type === "delta") return { ...event, delta: { kind: event.delta.kind } };
  return event;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** What a sink has beyond `write` when it is a Node stream. */
interface StreamSink extends AuditSink {
  readonly destroyed?: boolean;
  readonly writableEnded?: boolean;
  on?(event: string, listener: (error?: unknown) => void): unknown;
  off?(event: string, listener: (error?: unknown) => void): unknown;
}

function streamOf(sink: AuditSink | undefined): StreamSink | undefined {
  return sink;
}

/** A stream that is full says when it has room again, or that it is gone. */
async function drained(stream: StreamSink): Promise<void> {
  if (typeof stream.on !== "function" || stream.destroyed === true) return;
  await new Promise<void>((resolve) => {
    const ends = ["drain", "close", "error"];
    const settle = (): void => {
      for (const end of ends) stream.off?.(end, settle);
      resolve();
    };
    for (const end of ends) stream.on?.(end, settle);
  });
}

const sinkOption: OptionCheck = (value) =>
  typeof (value as AuditSink | null)?.write === "function" ? undefined : "an object with a write function";

const eventsOption: OptionCheck = (value) =>
  Array.isArray(value) && value.every((type) => Object.hasOwn(eventBits, String(type)))
    ? undefined
    : `a list of ${Object.keys(eventBits).join(", ")}`;
