/** Strikes each fault that may pass once, and lets recovery ask again: whole agents, real servers, every dialect. */

import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock } from "../../src/entries/index.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { allCells, type Cell, expectationOf } from "./fault-matrix.ts";
import { startFaultServer } from "./fault-server.ts";
import { answer } from "./faults/answers.ts";
import { canaryKey, now, right, topic, value } from "./what-is-said.ts";

const longestWaitMs = 1_000;

/** Faults of the first answers alone, after which a whole one comes. */
const cells = allCells().filter((cell) => {
  const { row } = cell;
  const { ends, retryAfterMs, requests = 1 } = expectationOf(cell);
  const comesBack = row.gone !== true && row.stoppedBy === undefined && row.toolWaits !== true;
  return ends === "retryable error" && comesBack && requests === 1 && (retryAfterMs ?? 0) <= longestWaitMs;
});

/** Runs a cell with the recovery of every model; waits are as short as full jitter may be. */
async function heal({ row, dialect, way }: Cell) {
  const [fault] = row.script(dialect);
  await using server = await startFaultServer({ dialect, script: [fault, answer(right)] });
  const { monotonic, setTimer, sleep, fetch } = systemRuntime;
  const runtime = {
    ...createTestRuntime({ now, fetch, variables: dialect.variables(server.url, canaryKey) }),
    ...{ monotonic, setTimer, sleep, random: () => 0 },
  };
  const agent = new DeclarativeAgent({
    name: "judge",
    model: dialect.model,
    input: "topic: str",
    output: "verdict: str, score: int",
  });
  const events: FlockEvent[] = [];
  const options = { flock: new Flock({ runtime }), onEvent: (event: FlockEvent) => void events.push(event) };
  const output = await (way === "execute" ? agent.execute(topic, options) : agent.stream(topic, options).result);
  await server.allAnswered();
  return { output, events, requests: server.requests.length };
}

describe("a fault that may pass", () => {
  it.each(cells.map((cell) => ({ ...cell, fault: cell.row.fault, vendor: cell.dialect.vendor })))(
    "is healed by asking again once: $fault ($vendor, $way)",
    async (cell) => {
      const { output, events, requests } = await heal(cell);
      expect({ output, requests }).toEqual({ output: value, requests: 2 });
      const of = (type: FlockEvent["type"]) => events.filter((event) => event.type === type);
      expect(of("recovery-applied")).toMatchObject([{ strategy: "retry", healed: true }]);
      expect(of("call-end")).toMatchObject([
        { kind: "model", attempts: 2, outcome: "ok" },
        { kind: "agent", attempts: 1 },
      ]);
      expect(of("attempt-end").map((event) => event.path.replace(/^.*#0/, ""))).toEqual(["", "@2", ""]);
    },
  );
});
