import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { DeclarativeAgent } from "../../src/agent/declarative-agent.ts";
import { tool } from "../../src/agent/tool.ts";
import type { CallRecord } from "../../src/core/events/run-history.ts";
import { fallback } from "../../src/errors/steps/fallback.ts";
import { Flock } from "../../src/flock.ts";
import { AgentIntrospection } from "../../src/introspection/advise/agent-introspection.ts";
import { RunLog } from "../../src/introspection/history/run-log.ts";
import { RunSnapshot } from "../../src/introspection/history/run-snapshot.ts";
import { exportRuns, importRuns } from "../../src/introspection/history/run-transfer.ts";
import { RunRecorder, type RunRecorderOptions } from "../../src/introspection/record/run-recorder.ts";
import { MemoryRunStore } from "../../src/store/runs/memory-run-store.ts";
import { scriptedModel } from "../../src/testing/scripted-model.ts";
import { createTestRuntime, type TestRuntime } from "../../src/testing/test-runtime.ts";
import { listOf } from "./history/recorded-runs.ts";
import { type DescribedCall, eventsOf, outputOf } from "./run-events.ts";

const labels = ["billing", "delivery", "praise"];
const prices = { "scripted/big": { input: 2, output: 8 }, "scripted/small": { input: 0.2, output: 0.8 } };

interface SorterFaults {
  readonly isWrong?: boolean;
  readonly isDown?: () => boolean;
}

/** A model that sorts letters by their number, each third of them wrongly when it is told to. */
function sorter(modelId: string, runtime: TestRuntime, { isWrong, isDown }: SorterFaults = {}) {
  const answer = ({ prompt }: LanguageModelV4CallOptions) => {
    if (isDown?.()) return Object.assign(new Error("no"), { statusCode: 401 });
    const letter = Number(/letter (\d+)/.exec(JSON.stringify(prompt.at(-1)))?.[1]);
    const label = labels[(letter + (isWrong === true && letter % 3 === 0 ? 1 : 0)) % 3]!;
    const delayMs = modelId === "big" ? 800 : 200;
    return { json: { label, urgent: letter % 2 === 0 }, delayMs, usage: { inputTokens: 500, outputTokens: 20 } };
  };
  return scriptedModel([answer], { runtime, modelId, repeat: true });
}

function desk(isWrong = false) {
  const runtime = createTestRuntime();
  const triage = new DeclarativeAgent({
    ...{ name: "triage", input: "letter: str", output: "label: 'billing' | 'delivery' | 'praise', urgent: bool" },
    model: sorter("big", runtime),
  });
  const tried = triage.with({ model: sorter("small", runtime, { isWrong }) });
  const ask = async (flock: Flock, agent: typeof triage, letter: number) => {
    const running = flock.run(agent, { letter: `letter ${letter}` });
    await runtime.clock.advance(2_000);
    return running;
  };
  return { runtime, triage, tried, ask };
}

function modelAdvice(introspection: AgentIntrospection): readonly string[] {
  const ids = introspection.suggestImprovements().map(({ id }) => id);
  return ids.filter((id) => id.includes("model"));
}

describe("advice on another model", () => {
  it("comes from asking both the same, in turns, and says what the cheaper one saves", async () => {
    const { runtime, triage, tried, ask } = desk();
    await using flock = new Flock({ runtime, prices });
    for (let letter = 0; letter < 41; letter++) {
      await ask(flock, triage, letter);
      await ask(flock, tried, letter);
    }
    const introspection = new AgentIntrospection(triage, { flock });
    const [advice] = introspection.suggestImprovements();
    expect(advice).toMatchObject({
      id: "model:triage",
      evidence: { now: "scripted/big", other: "scripted/small", inputs: 40, alike: 40 },
      predicted: { metric: "costMicroUsd", change: -(1_160 - 116) },
      confidence: "high",
    });
    expect(advice!.sentence).toContain('Say `model: "scripted/small"` in triage.');
    expect(() => introspection.apply(advice!)).toThrow("it takes a person");
  });

  it("does not come where answers differ", async () => {
    const { runtime, triage, tried, ask } = desk(true);
    await using flock = new Flock({ runtime, prices });
    for (let letter = 0; letter < 41; letter++) {
      await ask(flock, triage, letter);
      await ask(flock, tried, letter);
    }
    expect(modelAdvice(new AgentIntrospection(triage, { flock }))).toEqual([]);
  });

  it("comes from two processes that write to one log, when it has their answers compared", async () => {
    for (const compareAnswers of [true, false]) {
      const { runtime, triage, tried, ask } = desk();
      await using store = new MemoryRunStore({ runtime });
      for (const agent of [triage, tried]) {
        await using log = new RunLog({ store, runtime, compareAnswers });
        const flock = new Flock({ runtime, prices, record: log });
        for (let letter = 0; letter < 40; letter++) await ask(flock, agent, letter);
        const closing = flock[Symbol.asyncDispose]();
        await runtime.clock.advance(1_000);
        await closing;
      }
      const history = await new RunLog({ store, runtime }).read();
      const carried = new RunSnapshot(await listOf(importRuns(exportRuns(history))));
      for (const one of [history, carried]) {
        // A new process has no prices of its own; what was paid is in the record.
        const introspection = new AgentIntrospection(triage, { flock: { history: one }, history: one });
        const [advice] = introspection.suggestImprovements();
        if (compareAnswers) expect(advice!.evidence.inputs).toBe(40);
        expect(modelAdvice(introspection)).toEqual(compareAnswers ? ["model:triage"] : []);
      }
    }
  });

  it("comes from a fallback that answers now and then", async () => {
    const runtime = createTestRuntime();
    let isDown = false;
    const agent = new DeclarativeAgent({
      ...{ name: "triage", input: "letter: str", output: "label: 'billing' | 'delivery' | 'praise', urgent: bool" },
      model: sorter("big", runtime, { isDown: () => isDown }),
      recovery: fallback(sorter("small", runtime)),
    });
    await using flock = new Flock({ runtime, prices });
    for (let run = 0; run < 82; run++) {
      isDown = run % 2 === 1;
      const running = flock.run(agent, { letter: `letter ${run >> 1}` });
      await runtime.clock.advance(2_000);
      await running;
    }
    const answers = flock.history!.calls("scripted/big").map(({ answeredBy }) => answeredBy);
    expect(answers.slice(0, 4)).toEqual([undefined, "scripted/small", undefined, "scripted/small"]);
    expect(modelAdvice(new AgentIntrospection(agent, { flock }))).toEqual(["model:triage"]);
  });
});

describe("advice on prompts", () => {
  it("comes from recorded tokens at the Flock's prices", async () => {
    const runtime = createTestRuntime();
    const search = tool({
      ...{ name: "search", description: "Finds documents.", input: "words: str", output: "found: str" },
      execute: ({ words }) => ({ found: `about ${words}` }),
    });
    let asked = 0;
    const model = scriptedModel(
      [
        () => ({
          toolCalls: [{ tool: "search", input: { words: `bees ${asked++}` } }],
          usage: { inputTokens: 400, outputTokens: 20 },
        }),
        () => ({ json: { answer: "So it is." }, usage: { inputTokens: 6_420, outputTokens: 60 } }),
      ],
      { runtime, modelId: "big", repeat: true },
    );
    const reader = new DeclarativeAgent({
      name: "reader",
      input: "question: str",
      output: "answer: str",
      tools: [search],
      model,
    });
    await using flock = new Flock({ runtime, prices });
    for (let run = 0; run < 40; run++) await flock.run(reader, { question: `question ${run}` });
    const advice = new AgentIntrospection(reader, { flock }).suggestImprovements();
    expect(advice.find(({ id }) => id === "tool-output:search")).toMatchObject({
      predicted: { metric: "costMicroUsd", change: -6_000 },
      evidence: { answers: 80, partTokens: 3_000 },
    });
  });
});

describe("a recorder of answers", () => {
  const asked = (model: string, name = "a"): DescribedCall => {
    return { name, writes: ["label"], output: { label: "x" }, calls: [{ name: model, ms: 1 }] };
  };
  const record = (runs: readonly DescribedCall[], options?: RunRecorderOptions): readonly CallRecord[] => {
    const recorder = new RunRecorder(options);
    for (const [index, run] of runs.entries()) {
      for (const event of eventsOf(run, { runId: `r${index}` })) recorder.notify(event, outputOf(event));
    }
    return recorder.calls().filter(({ kind }) => kind === "agent");
  };
  const hashed = (calls: readonly CallRecord[]) => calls.map(({ outputHashes }) => outputHashes !== undefined);

  it("hashes those of an agent from its call after two models were seen on, and of no other", () => {
    const runs = [asked("m"), asked("m"), asked("n"), asked("m"), asked("n"), asked("n", "b"), asked("n", "b")];
    expect(hashed(record(runs))).toEqual([false, false, false, true, true, false, false]);
  });

  it("hashes all, or none, when told to, and only what an agent gave", () => {
    expect(hashed(record([asked("m")], { hashOutputs: "all" }))).toEqual([true]);
    expect(hashed(record([asked("m"), asked("n"), asked("m")], { hashOutputs: "none" }))).toEqual([
      false,
      false,
      false,
    ]);
    const failed = { ...asked("m"), output: undefined, outcome: "error" } as const;
    expect(hashed(record([failed, { ...asked("m"), writes: [] }], { hashOutputs: "all" }))).toEqual([false, false]);
    const cached = { ...asked("m"), calls: [] };
    expect(hashed(record([asked("m"), asked("n"), cached, asked("m")]))).toEqual([false, false, false, true]);
  });

  it("forgets which models it saw when it is cleared, and follows no more than 256 agents", () => {
    const recorder = new RunRecorder();
    const send = (run: DescribedCall, runId: string) => {
      for (const event of eventsOf(run, { runId })) recorder.notify(event, outputOf(event));
    };
    for (const model of ["m", "n", "m"]) send(asked(model), model);
    recorder.clear();
    for (const model of ["m", "m"]) send(asked(model), model);
    expect(hashed(recorder.calls("a"))).toEqual([false, false]);
    const many = Array.from({ length: 300 }, (_, index) => [
      asked("m", `a${index}`),
      asked("n", `a${index}`),
      asked("m", `a${index}`),
    ]).flat();
    const calls = record([asked("n"), asked("m"), ...many]);
    expect(hashed(calls.filter(({ name }) => name === "a254")).at(-1)).toBe(true);
    expect(hashed(calls.filter(({ name }) => name === "a255")).at(-1)).toBe(false);
  });
});
