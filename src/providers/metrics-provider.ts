/** Keeps metrics of everything it watches and writes them for Prometheus. */

import { checkOptions, nameString, oneOf, wholeNumber } from "../core/errors/options.ts";
import type { CallEndEvent, EventType, FlockEvent, Outcome, RunEndEvent, RunnableKind } from "../core/events/event.ts";
import type { Provider } from "../core/events/provider.ts";
import { onlyReads } from "../core/events/provider-listener.ts";
import { AgentMetrics, type AgentMetricsSnapshot } from "../introspection/measure/agent-metrics.ts";
import { BoundedNames, otherName } from "../introspection/measure/bounded-names.ts";
import { boundsSeconds, DurationHistogram } from "./duration-histogram.ts";
import { type MetricFamily, type MetricsFormat, type Sample, writeMetrics } from "./prometheus-text.ts";

/** How metrics are kept and named. */
export interface MetricsProviderOptions {
  /** Name of the provider. @default "metrics" */
  readonly name?: string;
  /** Begins every metric's name: letters, digits, `_` and `:`, no digit first. @default "flock" */
  readonly prefix?: string;
  /** Runnables that are told apart; later ones count as `name="other"`. @default 200 */
  readonly maxNames?: number;
}

/** What is known of the calls of one runnable. Tools are runnables with figures of their own. */
export interface CallFiguresSnapshot extends Omit<AgentMetricsSnapshot, "toolUsage" | "memoryUsage"> {
  readonly kind: RunnableKind;
}

/** All metrics as plain data. */
export interface MetricsProviderSnapshot {
  readonly runsInFlight: number;
  /** Runs that ended, by the name of their outermost runnable. */
  readonly runs: Readonly<Record<string, Readonly<Record<Outcome, number>>>>;
  /** Calls by runnable. */
  readonly calls: readonly CallFiguresSnapshot[];
}

interface Series {
  readonly kind: RunnableKind;
  readonly metrics: AgentMetrics;
  readonly durations: DurationHistogram;
  /** Made at the first streamed answer. */
  firstTokens: DurationHistogram | undefined;
}

/**
 * A provider that counts calls, errors, durations, tokens, cost and cache results by runnable, and runs in flight. Memory is
 * fixed once the names are known, and so is the number of label values. It carries no content and never throws into a run.
 */
export class MetricsProvider implements Provider {
  readonly name: string;
  readonly events: readonly EventType[] = ["run-start", "run-end", "call-end"];
  readonly #prefix: string;
  readonly #maxNames: number;
  /** In the order they were first seen. */
  readonly #series: Series[] = [];
  readonly #byKind: Readonly<Record<RunnableKind, Map<string, Series>>> = {
    agent: new Map(),
    pattern: new Map(),
    model: new Map(),
    tool: new Map(),
  };
  readonly #runs: BoundedNames<Record<Outcome, number>>;
  #runsInFlight = 0;

  /** @throws option_invalid for an unknown option or a wrong value. */
  constructor(options: MetricsProviderOptions = {}) {
    checkOptions("MetricsProvider", options, { name: nameString, prefix: metricName, maxNames: wholeNumber(1) });
    this.name = options.name ?? "metrics";
    this.#prefix = options.prefix ?? "flock";
    this.#maxNames = options.maxNames ?? 200;
    this.#runs = new BoundedNames(this.#maxNames, () => ({ ok: 0, error: 0, cancelled: 0 }));
    if (new.target === MetricsProvider) onlyReads(this);
  }

  handle(event: FlockEvent): void {
    if (event.type === "call-end") this.#callEnded(event);
    else if (event.type === "run-start") this.#runsInFlight++;
    else if (event.type === "run-end") this.#runEnded(event);
  }

  /**
   * Gives the metrics of a runnable by name; of the first of that name when kinds share it. Its `toolUsage` and
   * `memoryUsage` stay empty: tools have metrics of their own here, and memory is the process's.
   */
  metricsOf(name: string): AgentMetrics | undefined {
    for (const { metrics } of this.#series) if (metrics.name === name) return metrics;
    return undefined;
  }

  snapshot(): MetricsProviderSnapshot {
    const calls = this.#series.map(({ kind, metrics }) => {
      const { toolUsage: _, memoryUsage: _m, ...figures } = metrics.toJSON();
      return { ...figures, kind };
    });
    const runs = Object.fromEntries([...this.#runs.entries()].map(([name, outcomes]) => [name, { ...outcomes }]));
    return { runsInFlight: this.#runsInFlight, runs, calls };
  }

  /**
   * Writes all metrics as text to answer a scrape with; serve it with the content type that `metricsContentTypes` has for the format.
   *
   * @throws option_invalid for another format than "prometheus" (0.0.4, the default) and "openmetrics" (1.0).
   */
  prometheusText(options: { readonly format?: MetricsFormat } = {}): string {
    checkOptions("MetricsProvider.prometheusText", options, { format: oneOf("prometheus", "openmetrics") });
    return writeMetrics([...this.#runFamilies(), ...this.#callFamilies()], options.format ?? "prometheus");
  }

  #callEnded(event: CallEndEvent): void {
    const series = this.#seriesOf(event.kind, event.name);
    series.metrics.recordCall(event);
    series.durations.record(event.durationMs);
    if (event.stream === undefined) return;
    series.firstTokens ??= new DurationHistogram();
    series.firstTokens.record(event.stream.firstTokenMs);
  }

  #runEnded(event: RunEndEvent): void {
    if (this.#runsInFlight > 0) this.#runsInFlight--;
    this.#runs.of(event.name)[event.outcome]++;
  }

  #seriesOf(kind: RunnableKind, name: string): Series {
    // One map a kind: joining both into a key would make a text for every call.
    const known = this.#byKind[kind].get(name);
    if (known !== undefined) return known;
    const kept = this.#series.length < this.#maxNames || name === otherName;
    if (!kept) return this.#seriesOf(kind, otherName);
    const durations = new DurationHistogram();
    const series: Series = { kind, metrics: new AgentMetrics(name), durations, firstTokens: undefined };
    this.#byKind[kind].set(name, series);
    this.#series.push(series);
    return series;
  }

  #runFamilies(): MetricFamily[] {
    const outcomes = ["ok", "error", "cancelled"] as const;
    const samples = [...this.#runs.entries()].flatMap(([name, counts]) =>
      outcomes.map((outcome) => ({ labels: { name, outcome }, value: counts[outcome] })),
    );
    const inFlight = [{ labels: {}, value: this.#runsInFlight }];
    return [
      { type: "counter", name: `${this.#prefix}_runs`, help: "Runs that ended.", samples },
      {
        type: "gauge",
        name: `${this.#prefix}_runs_in_flight`,
        help: "Runs that have begun and not ended.",
        samples: inFlight,
      },
    ];
  }

  #callFamilies(): MetricFamily[] {
    const all = this.#series;
    const counter = (
      name: string,
      help: string,
      write: (metrics: AgentMetrics) => [Record<string, string>, number][],
    ) => ({
      type: "counter" as const,
      name: `${this.#prefix}_${name}`,
      help,
      samples: all.flatMap(({ kind, metrics }): Sample[] =>
        write(metrics).map(([labels, value]) => ({ labels: { name: metrics.name, kind, ...labels }, value })),
      ),
    });
    return [
      counter("calls", "Calls that ended.", ({ succeeded, failed, cancelled }) => [
        [{ outcome: "ok" }, succeeded],
        [{ outcome: "error" }, failed],
        [{ outcome: "cancelled" }, cancelled],
      ]),
      counter("call_errors", "Calls that did not succeed, by code.", ({ errorCounts }) =>
        Object.entries(errorCounts).map(([code, count]) => [{ code }, count]),
      ),
      counter("call_attempts", "Tries of all calls.", ({ attempts }) => [[{}, attempts]]),
      counter("call_queue_seconds", "Time calls waited for permits.", ({ queueMs }) => [[{}, queueMs / 1_000]]),
      {
        type: "histogram",
        name: `${this.#prefix}_call_duration_seconds`,
        help: "How long calls took.",
        bounds: boundsSeconds,
        histograms: all.map(({ kind, metrics, durations: { counts } }) => ({
          labels: { name: metrics.name, kind },
          counts,
          sum: metrics.durations.sum / 1_000,
        })),
      },
      {
        type: "histogram",
        name: `${this.#prefix}_first_token_seconds`,
        help: "How long the first piece of streamed answers took.",
        bounds: boundsSeconds,
        histograms: all.flatMap(({ kind, metrics, firstTokens }) =>
          firstTokens === undefined
            ? []
            : [
                {
                  labels: { name: metrics.name, kind },
                  counts: firstTokens.counts,
                  sum: (metrics.firstTokens?.sum ?? 0) / 1_000,
                },
              ],
        ),
      },
      counter("token_gaps", "Waits between the pieces of streamed answers.", ({ gaps }) =>
        gaps === 0 ? [] : [[{}, gaps]],
      ),
      counter(
        "token_gap_seconds",
        "Time between the pieces of streamed answers; by token_gaps it is the mean.",
        (metrics) => (metrics.gaps === 0 ? [] : [[{}, metrics.gapMs / 1_000]]),
      ),
      counter(
        "tokens",
        "Tokens used; cache_read and cache_write are parts of input, reasoning is part of output.",
        tokensOf,
      ),
      counter("cost_usd", "Known cost in US dollars.", ({ costMicroUsd }) =>
        costMicroUsd === undefined ? [] : [[{}, costMicroUsd / 1_000_000]],
      ),
      counter("cache_results", "Calls answered from the cache, and calls it had no answer for.", (metrics) =>
        metrics.cacheHits + metrics.cacheMisses === 0
          ? []
          : [
              [{ result: "hit" }, metrics.cacheHits],
              [{ result: "miss" }, metrics.cacheMisses],
            ],
      ),
    ];
  }
}

function tokensOf({ usage }: AgentMetrics): [Record<string, string>, number][] {
  if (usage.inputTokens + usage.outputTokens === 0) return [];
  return [
    [{ type: "input" }, usage.inputTokens],
    [{ type: "output" }, usage.outputTokens],
    [{ type: "cache_read" }, usage.cacheReadTokens],
    [{ type: "cache_write" }, usage.cacheWriteTokens],
    [{ type: "reasoning" }, usage.reasoningTokens],
  ];
}

function metricName(value: unknown): string | undefined {
  return typeof value === "string" && /^[A-Za-z_:][A-Za-z0-9_:]{0,63}$/.test(value)
    ? undefined
    : "letters, digits, '_' and ':', not starting with a digit, at most 64 long";
}
