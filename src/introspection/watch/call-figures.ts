/** What is known of calls by what they were: agents, patterns, models and tools. */

import type { CallEndEvent, RunnableKind } from "../../core/events/event.ts";
import type { AgentMetricsSnapshot } from "../measure/agent-metrics.ts";
import { BoundedNames } from "../measure/bounded-names.ts";
import { Measured, type RecentFigures, type RecentWindow } from "../measure/measured.ts";
import type { RunSample } from "../measure/window-metrics.ts";
import { callerPath } from "../record/run-entry.ts";

/** Names of a kind beyond these count as "other": each takes about 100 KB once it is busy. */
const mostNames = 64;
const kinds: readonly RunnableKind[] = ["agent", "pattern", "model", "tool"];

/** Figures of the calls of one name: since the monitor was made, and of the last minute, five minutes and hour. */
export interface MeasuredCalls extends AgentMetricsSnapshot {
  readonly recent: Readonly<Record<RecentWindow, RecentFigures>>;
}

/** Figures of calls by kind and name. */
export type CallsByKind = Readonly<Record<RunnableKind, Readonly<Record<string, MeasuredCalls>>>>;

/** The figures of all calls a monitor was told of, in bounded memory. */
export class CallTable {
  readonly #byKind: ReadonlyMap<RunnableKind, BoundedNames<Measured>> = new Map(
    kinds.map((kind) => [kind, new BoundedNames(mostNames, (name) => new Measured(name))]),
  );

  /** Counts a call that ended. */
  record(event: CallEndEvent, sample: RunSample): void {
    this.#byKind.get(event.kind)?.of(event.name).record(event, sample);
    if (event.kind !== "tool") return;
    const user = nameOfCaller(event.path);
    if (user !== undefined) this.#byKind.get("agent")!.of(user).metrics.recordTool(event);
  }

  /** Gives all figures; windows end at `now`. */
  snapshot(now: number): CallsByKind {
    const entries = [...this.#byKind].map(([kind, names]) => {
      // Who used a tool and never ended is no agent yet.
      const ended = [...names.entries()].filter(([, { metrics }]) => metrics.calls > 0);
      const figures = ended.map(([name, one]) => [name, { ...one.metrics.toJSON(), recent: one.recent(now) }]);
      return [kind, Object.fromEntries(figures)];
    });
    return Object.fromEntries(entries) as CallsByKind;
  }
}

/** Gives the name in the last step of the caller's path, such as `search` of `run/flow#0/search[1]#0`. */
function nameOfCaller(path: string): string | undefined {
  const above = callerPath(path);
  const step = above?.slice(above.lastIndexOf("/") + 1);
  return step === undefined || above === "run" ? undefined : step.replace(/(\[\d+\])?#\d+$/, "");
}
