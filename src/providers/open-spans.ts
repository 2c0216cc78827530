/** Keeps the spans that are open, by run and path, in bounded memory, whatever order events come in. */

import type { SpanStart } from "./gen-ai-conventions.ts";
import type {
  OpenTelemetryApi,
  TelemetryContext,
  TelemetrySpan,
  TelemetryTime,
  TelemetryTracer,
} from "./open-telemetry-api.ts";

/** A span of a run or call. */
export interface OpenSpan {
  readonly span: TelemetrySpan;
  /** What spans below it begin in. */
  readonly context: TelemetryContext;
  readonly startedAt: number;
  /** No span of its run is above it. */
  readonly isTop: boolean;
}

interface WatchedRun {
  readonly spans: Map<string, OpenSpan>;
  tops: number;
}

/** What happened to spans and events so far. */
export interface OpenSpanCounts {
  readonly open: number;
  /** Spans that were not begun, since too many were open. */
  readonly dropped: number;
  /** Spans whose own end did not come before that of their run. */
  readonly unfinished: number;
  /** Events of runs that had ended. */
  readonly late: number;
}

const endedRunsKept = 1_024;

/** The spans that are open. A run's end ends all that are left of it; what comes later is only counted. */
export class OpenSpans {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: TelemetryTracer;
  readonly #most: number;
  readonly #runs = new Map<string, WatchedRun>();
  /** Those that ended last, oldest first. */
  readonly #ended = new Set<string>();
  #open = 0;
  #dropped = 0;
  #unfinished = 0;
  #late = 0;

  constructor(api: OpenTelemetryApi, tracer: TelemetryTracer, most: number) {
    this.#api = api;
    this.#tracer = tracer;
    this.#most = most;
  }

  get counts(): OpenSpanCounts {
    return { open: this.#open, dropped: this.#dropped, unfinished: this.#unfinished, late: this.#late };
  }

  /** Says whether a run has ended, and counts the event that came too late. */
  isLate(runId: string): boolean {
    if (!this.#ended.has(runId)) return false;
    this.#late++;
    return true;
  }

  /** Begins a span below the nearest open one above its path, else below the span that is active now. */
  begin(runId: string, path: string, start: SpanStart, time: number): OpenSpan | undefined {
    const run = this.#runs.get(runId);
    if (run?.spans.has(path) === true) return undefined;
    if (this.#open >= this.#most) {
      this.#dropped++;
      return undefined;
    }
    const parent = run === undefined ? undefined : nearest(run, above(path));
    const base = parent?.context ?? this.#api.context.active();
    const { name, kind, attributes } = start;
    const span = this.#tracer.startSpan(name, { kind, attributes, ...startTime(time) }, base);
    const context = this.#api.trace.setSpan(base, span);
    const opened: OpenSpan = { span, context, startedAt: time, isTop: parent === undefined };
    this.#keep(runId, path, opened);
    return opened;
  }

  /** Finds the span of a call, or of the nearest one above it. */
  find(runId: string, path: string): OpenSpan | undefined {
    const run = this.#runs.get(runId);
    return run === undefined ? undefined : nearest(run, path);
  }

  /** Finds the span of exactly this path. */
  at(runId: string, path: string): OpenSpan | undefined {
    return this.#runs.get(runId)?.spans.get(path);
  }

  /** Ends a span. Where no run is watched but calls inside one, the last of the outermost calls ends all that is left. */
  end(runId: string, path: string, time: number): void {
    const run = this.#runs.get(runId);
    const opened = run?.spans.get(path);
    if (run === undefined || opened === undefined) return;
    this.#close(run, path, opened, time);
    if (run.tops <= 0) this.#closeAll(runId, run, time);
  }

  /** Ends the span of a run after all that is left below it, innermost first, and remembers that the run is over. */
  endRun(runId: string, path: string, time: number): void {
    this.#ended.add(runId);
    const [oldest] = this.#ended.size > endedRunsKept ? this.#ended : [];
    if (oldest !== undefined) this.#ended.delete(oldest);
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#closeAll(runId, run, time, path);
  }

  /** Ends everything. */
  endAll(): void {
    for (const runId of [...this.#runs.keys()]) this.endRun(runId, "", Number.NaN);
  }

  #keep(runId: string, path: string, opened: OpenSpan): void {
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = { spans: new Map(), tops: 0 };
      this.#runs.set(runId, run);
    }
    run.spans.set(path, opened);
    if (opened.isTop) run.tops++;
    this.#open++;
  }

  #close(run: WatchedRun, path: string, opened: OpenSpan, time: number): void {
    run.spans.delete(path);
    if (opened.isTop) run.tops--;
    this.#open--;
    opened.span.end(timeOf(Math.max(time, opened.startedAt)));
  }

  /** Ends what is left; the span at `expected` ends here as it should, the others without an end of their own. */
  #closeAll(runId: string, run: WatchedRun, time: number, expected?: string): void {
    this.#runs.delete(runId);
    for (const [path, opened] of [...run.spans].reverse()) {
      try {
        if (path !== expected) {
          this.#unfinished++;
          opened.span.setAttributes({ "flock.unfinished": true });
        }
        this.#close(run, path, opened, time);
      } catch {
        // A span that cannot be ended keeps no other from ending; it is out of the books already.
      }
    }
  }
}

/** Gives the time of an event as OpenTelemetry takes it exactly; undefined, which means now, for what is no time. */
export function timeOf(milliseconds: number): TelemetryTime | undefined {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) return undefined;
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1_000) * 1_000];
}

function startTime(milliseconds: number): { startTime?: TelemetryTime } {
  const time = timeOf(milliseconds);
  return time === undefined ? {} : { startTime: time };
}

/** The path around a path; of `run` itself nothing. */
function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** What happens in a further attempt, at `…@2`, belongs to the call. */
function nearest({ spans }: WatchedRun, path: string): OpenSpan | undefined {
  for (let place = path; place !== ""; place = above(place)) {
    const attempt = place.lastIndexOf("@");
    const opened =
      spans.get(place) ?? (attempt > place.lastIndexOf("#") ? spans.get(place.slice(0, attempt)) : undefined);
    if (opened !== undefined) return opened;
  }
  return undefined;
}
