/** Runs one cell of the matrix through a whole agent, and says what came of it and what was wrong with that. */

import { getEventListeners } from "node:events";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";
import { json, startVendorServer, type VendorServer } from "../models/vendor-server.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { Cell } from "./fault-matrix.ts";
import type { Ending, FaultRow } from "./fault-row.ts";
import { type FaultServer, startFaultServer } from "./fault-server.ts";
import { judgeEnd } from "./judge-end.ts";
import { canaryKey, now, right, topic } from "./what-is-said.ts";

/** What came of a cell. */
export interface CellResult {
  readonly ending: Ending | "hang";
  /** Sentences on everything that is not as it must be; none for a cell that is right. */
  readonly wrong: readonly string[];
}

/** Real time in which a run must end, and let go of its connections. Nothing waits for it unless it is broken. */
const patienceMs = 15_000;
const agentTimeoutMs = 5_000;
const attemptTimeoutMs = 120_000;

interface Run {
  readonly result: Promise<unknown>;
  readonly events: readonly FlockEvent[];
  readonly reason: Error;
  readonly runtime: TestRuntime;
  readonly controller: AbortController;
}

/**
 * Runs cells, so many at once, each on servers of its own. Gives promises in the cells' order; one rejects only when the
 * cell itself is broken.
 */
export function runCells(cells: readonly Cell[], atOnce: number): readonly Promise<CellResult>[] {
  const results = cells.map(() => Promise.withResolvers<CellResult>());
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < cells.length; at = next++) {
      const { promise, resolve, reject } = results[at]!;
      runCell(cells[at]!).then(resolve, reject);
      await promise.catch(() => {});
    }
  };
  for (let worker = 0; worker < atOnce; worker++) void work();
  return results.map(({ promise }) => promise);
}

/** Runs a cell on servers of its own. */
export async function runCell(cell: Cell): Promise<CellResult> {
  const { row, dialect } = cell;
  const elsewhere = await startVendorServer(json(200, dialect.whole(right)));
  const server = await startFaultServer({ dialect, script: row.script(dialect), elsewhere: elsewhere.url });
  if (row.gone === true) await server[Symbol.asyncDispose]();
  try {
    const run = start(cell, server);
    await stop(row, server, run);
    return await judge(cell, server, elsewhere, run);
  } finally {
    if (row.gone !== true) await server[Symbol.asyncDispose]();
    await elsewhere[Symbol.asyncDispose]();
  }
}

function start({ row, dialect, way }: Cell, server: FaultServer): Run {
  const runtime = createTestRuntime({
    now,
    fetch: systemRuntime.fetch,
    variables: dialect.variables(server.url, canaryKey),
  });
  const events: FlockEvent[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const options = {
    flock: new Flock({ runtime, recovery: false }),
    signal,
    onEvent: (event: FlockEvent) => void events.push(event),
  };
  const agent = judgeAgent(dialect, row, server);
  const result = way === "execute" ? agent.execute(topic, options) : agent.stream(topic, options).result;
  result.catch(() => {});
  return { result, events, runtime, controller, reason: new Error("the user left") };
}

/** The agent of every cell: two fields, one tool. */
function judgeAgent(dialect: Dialect, row: Pick<FaultRow, "toolWaits" | "stoppedBy">, server: FaultServer) {
  return new DeclarativeAgent({
    name: "judge",
    model: dialect.model,
    input: "topic: str",
    output: "verdict: str, score: int",
    tools: [
      tool({
        name: "search",
        description: "Searches.",
        input: "query: str",
        async execute() {
          if (row.toolWaits === true) await server.allClosed();
          return { found: "bears" };
        },
      }),
    ],
    ...(row.stoppedBy === "deadline" ? { timeoutMs: agentTimeoutMs } : {}),
  });
}

async function stop({ stoppedBy }: FaultRow, server: FaultServer, run: Run): Promise<void> {
  if (stoppedBy === undefined) return;
  await server.struck(1);
  if (stoppedBy === "abort") run.controller.abort(run.reason);
  else await run.runtime.clock.advance(stoppedBy === "deadline" ? agentTimeoutMs : attemptTimeoutMs);
}

async function judge(cell: Cell, server: FaultServer, elsewhere: VendorServer, run: Run): Promise<CellResult> {
  const end = await within(
    run.result.then(
      (given) => ({ given }),
      (error: unknown) => ({ error }),
    ),
  );
  if (end === undefined) return { ending: "hang", wrong: [`did not end within ${patienceMs} ms`] };
  const closed = await within(server.allAnswered().then(() => true));
  const { ending, wrong } = judgeEnd(cell, end, { requests: server.requests, reason: run.reason });
  return {
    ending,
    wrong: [
      ...wrong,
      ...wrongEvents(run.events),
      ...leftovers(run),
      ...(closed === true ? [] : [`left ${server.openAnswers} answers open`]),
      ...(elsewhere.requests.length === 0 ? [] : ["sent the request to another host"]),
    ],
  };
}

function wrongEvents(events: readonly FlockEvent[]): readonly string[] {
  const ends = events.filter((event) => event.type === "call-end" && event.path === "run/judge#0").length;
  const wrong = ends === 1 ? [] : [`${ends} call-end events of the agent`];
  return JSON.stringify(events).includes(canaryKey) ? [...wrong, "an event shows the key"] : wrong;
}

function leftovers({ controller, runtime }: Run): readonly string[] {
  const listeners = getEventListeners(controller.signal, "abort").length;
  const timers = runtime.clock.pendingTimers;
  return [
    ...(listeners === 0 ? [] : [`left ${listeners} listeners on the signal`]),
    ...(timers === 0 ? [] : [`left ${timers} timers`]),
  ];
}

/** Waits in real time; undefined when it took too long. */
function within<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), patienceMs);
    void promise.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}
