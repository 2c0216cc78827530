/** Many runs at once against servers that pick their faults by a seed: what comes of each is decided by the seed alone. */

import { isFlockError } from "../../src/core/errors/errors.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { dialects } from "./dialects/all-dialects.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { allCells } from "./fault-matrix.ts";
import { type FaultExchange, type FaultServer, startFaultServer } from "./fault-server.ts";
import { callTool } from "./faults/answers.ts";
import { canaryKey, now, value } from "./what-is-said.ts";

export interface SoakOptions {
  readonly seed: number;
  readonly runs: number;
  /** Runs that go on together. */
  readonly atOnce: number;
}

/** What came of a soak. */
export interface SoakResult {
  /** One word a run, in the order of runs: `value`, a code with `!` when it is retryable, or what must not be. */
  readonly endings: readonly string[];
  readonly requests: number;
  /** Answers still open once all runs had ended. */
  readonly openAnswers: number;
}

/** A user who leaves while the server is silent. */
class Left extends Error {}

interface Visit {
  readonly dialect: Dialect;
  readonly random: () => number;
  readonly leave: () => void;
}

/** Runs agents of all vendors, executed and streamed, on servers that they share; closes the servers behind them. */
export async function soak({ seed, runs, atOnce }: SoakOptions): Promise<SoakResult> {
  const visits = new Map<string, Visit>();
  const servers = new Map<Dialect, FaultServer>();
  for (const dialect of dialects) {
    servers.set(dialect, await startFaultServer({ dialect, script: [(exchange) => pickFault(visits, exchange)] }));
  }
  const all = [...servers.values()];
  const flocks = new Map(dialects.map((dialect) => [dialect, flockFor(dialect, servers.get(dialect)!)]));
  const endings: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let run = next++; run < runs; run = next++) {
      const { random } = createTestRuntime({ seed: seed * 100_003 + run });
      const dialect = dialects[Math.floor(random() * dialects.length)]!;
      endings[run] = await oneRun(`run-${run}-end`, visits, flocks.get(dialect)!, { dialect, random });
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
    const requests = all.reduce((sum, server) => sum + server.requests.length, 0);
    await Promise.all(all.map((server) => server.allAnswered()));
    const openAnswers = all.reduce((sum, server) => sum + server.openAnswers, 0);
    return { endings, requests, openAnswers };
  } finally {
    for (const server of all) await server[Symbol.asyncDispose]();
  }
}

async function oneRun(
  name: string,
  visits: Map<string, Visit>,
  flock: Flock,
  { dialect, random }: Pick<Visit, "dialect" | "random">,
): Promise<string> {
  const controller = new AbortController();
  const leave = () => controller.abort(new Left("the user left"));
  visits.set(name, { dialect, random, leave });
  const { signal } = controller;
  const agent = judgeOf(dialect);
  const topic = `bears ${name}`;
  const result =
    random() < 0.5 ? agent.execute(topic, { flock, signal }) : agent.stream(topic, { flock, signal }).result;
  return result.then(
    ({ verdict, score }) => (verdict === value.verdict && score === value.score ? "value" : "another value"),
    (error: unknown) => {
      if (error instanceof Left) return "left";
      if (!isFlockError(error)) return `no FlockError: ${error}`;
      const { retryable } = error.details as { readonly retryable?: boolean };
      return retryable === true ? `${error.code}!` : error.code;
    },
  );
}

/** Faults that need nothing around the run, little time, and after which a value can only be the right one. */
const rows = [...new Set(allCells().map(({ row }) => row))].filter(
  ({ fault, vendors, gone, toolWaits, stoppedBy, expected }) =>
    vendors === undefined &&
    gone !== true &&
    toolWaits !== true &&
    (stoppedBy === undefined || stoppedBy === "abort") &&
    !(typeof expected === "object" && expected.ends === "either") &&
    !/10 MB|drip of 1 byte/.test(fault),
);

const healthy = rows.find(({ fault }) => fault === "none")!;

/** Of all answers a quarter are tool calls; of the others half are right, and half what a fault begins with. */
function pickFault(visits: ReadonlyMap<string, Visit>, exchange: FaultExchange): void | Promise<void> {
  const name = /run-\d+-end/.exec(JSON.stringify(exchange.request.body))?.[0] ?? "";
  const { dialect, random, leave } = visits.get(name)!;
  if (random() < 0.25) return callTool("search", '{"query":"bears"}')(exchange);
  const row = random() < 0.5 ? healthy : rows[Math.floor(random() * rows.length)]!;
  const done = row.script(dialect)[0](exchange);
  return row.stoppedBy === undefined ? done : Promise.resolve(done).then(leave);
}

function flockFor(dialect: Dialect, server: FaultServer): Flock {
  const variables = dialect.variables(server.url, canaryKey);
  return new Flock({ runtime: createTestRuntime({ now, fetch: systemRuntime.fetch, variables }), recovery: false });
}

function judgeOf(dialect: Dialect) {
  const search = tool({
    name: "search",
    description: "Searches.",
    input: "query: str",
    execute: () => ({ found: "bears" }),
  });
  return new DeclarativeAgent({
    name: "judge",
    model: dialect.model,
    input: "topic: str",
    output: "verdict: str, score: int",
    tools: [search],
  });
}
