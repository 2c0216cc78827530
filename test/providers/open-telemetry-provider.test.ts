import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { DeclarativeAgent } from "../../src/agent/declarative-agent.ts";
import { tool } from "../../src/agent/tool.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { Flock } from "../../src/flock.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import {
  OpenTelemetryProvider,
  type OpenTelemetryProviderOptions,
} from "../../src/providers/open-telemetry-provider.ts";
import { scriptedModel } from "../../src/testing/scripted-model.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { type DescribedCall, eventsOf, startOfTime } from "../introspection/run-events.ts";
import { startTelemetry, type Telemetry } from "./open-telemetry.ts";

function watch(options: Partial<OpenTelemetryProviderOptions> = {}) {
  const telemetry = startTelemetry();
  const { api, tracerProvider, meterProvider } = telemetry;
  return { telemetry, provider: new OpenTelemetryProvider({ api, tracerProvider, meterProvider, ...options }) };
}

function feed(provider: OpenTelemetryProvider, run: DescribedCall, runId = "r"): void {
  for (const event of eventsOf(run, { runId })) provider.handle(event);
}

const secret = "the launch code is 4711";

function researcher(telemetry: OpenTelemetryProvider) {
  const lookUp = tool({
    name: "lookUp",
    description: "Looks a word up.",
    input: "word: str",
    output: "meaning: str",
    execute: async ({ word }) => ({ meaning: `${word}: ${secret}` }),
  });
  const agent = new DeclarativeAgent({
    name: "researcher",
    model: scriptedModel([
      { toolCalls: [{ tool: "lookUp", input: { word: secret } }] },
      { json: { finding: `Found: ${secret}` } },
    ]),
    input: "topic: str",
    output: "finding: str",
    tools: [lookUp],
  });
  return { agent, flock: new Flock({ providers: [telemetry], runtime: createTestRuntime() }) };
}

const everything = (telemetry: Telemetry): string =>
  JSON.stringify(telemetry.spans().map(({ name, attributes, events, status }) => [name, attributes, events, status]));

describe("OpenTelemetryProvider", () => {
  it("makes spans of a run, its agent, models and tools, each below what called it", async () => {
    const { telemetry, provider } = watch();
    const { agent, flock } = researcher(provider);
    await flock.run(agent, { topic: secret });
    const names = telemetry.spans().map(({ name, kind }) => [name, kind]);
    const model = telemetry.spans().find(({ kind }) => kind === SpanKind.CLIENT)!;
    expect(names).toEqual([
      [model.name, SpanKind.CLIENT],
      ["execute_tool lookUp", SpanKind.INTERNAL],
      [model.name, SpanKind.CLIENT],
      ["invoke_agent researcher", SpanKind.INTERNAL],
      ["run researcher", SpanKind.INTERNAL],
    ]);
    expect(model.name).toMatch(/^chat \S/);
    const agentSpan = telemetry.span("invoke_agent researcher");
    for (const span of telemetry.spans().slice(0, 3)) expect(telemetry.parentOf(span)).toBe(agentSpan);
    expect(telemetry.parentOf(agentSpan)).toBe(telemetry.span("run researcher"));
    expect(telemetry.span("run researcher").parentSpanContext).toBeUndefined();
    expect(agentSpan.attributes).toMatchObject({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "researcher",
      "flock.path": "run/researcher#0",
      "flock.outcome": "ok",
    });
    expect(telemetry.span("execute_tool lookUp").attributes).toMatchObject({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "lookUp",
      "gen_ai.tool.type": "function",
    });
    expect(provider.counts).toEqual({ open: 0, dropped: 0, unfinished: 0, late: 0, failed: 0 });
    await flock[Symbol.asyncDispose]();
  });

  it("carries no content unless asked for", async () => {
    const { telemetry, provider } = watch();
    const { agent, flock } = researcher(provider);
    await flock.run(agent, { topic: secret });
    expect(telemetry.spans()).toHaveLength(5);
    expect(everything(telemetry)).not.toContain("4711");
    expect(provider.events).not.toContain("output");
  });

  it("carries inputs, messages, arguments and answers when asked for", async () => {
    const { telemetry, provider } = watch({ captureContent: true });
    const { agent, flock } = researcher(provider);
    await flock.run(agent, { topic: secret });
    const { attributes } = telemetry.span("invoke_agent researcher");
    expect(JSON.parse(`${attributes["flock.input"]}`)).toEqual({ topic: secret });
    expect(JSON.parse(`${attributes["flock.output"]}`)).toEqual({ finding: `Found: ${secret}` });
    const { attributes: call } = telemetry.span("execute_tool lookUp");
    expect(JSON.parse(`${call["gen_ai.tool.call.arguments"]}`)).toEqual({ word: secret });
    const last = telemetry.spans().filter(({ kind }) => kind === SpanKind.CLIENT)[1]!;
    const messages = JSON.parse(`${last.attributes["gen_ai.input.messages"]}`);
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(["system", "user", "assistant", "tool"]);
    expect(messages[2].parts).toEqual([
      { type: "tool_call", id: expect.any(String), name: "lookUp", arguments: { word: secret } },
    ]);
    expect(messages[3].parts[0]).toMatchObject({ type: "tool_call_response" });
  });

  it("begins a run below the span that is active where it is started", async () => {
    const { telemetry, provider } = watch();
    const { api } = telemetry;
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    onTestFinished(() => api.context.disable());
    const { agent, flock } = researcher(provider);
    const tracer = telemetry.tracerProvider.getTracer("app");
    await tracer.startActiveSpan("GET /", async (span) => {
      await flock.run(agent, { topic: "bees" });
      span.end();
    });
    expect(telemetry.parentOf(telemetry.span("run researcher"))).toBe(telemetry.span("GET /"));
    expect(new Set(telemetry.spans().map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it("lets a call's span be the active one with its layer, also past awaits, side by side, and in further attempts", async () => {
    const { telemetry, provider } = watch();
    const { api } = telemetry;
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    onTestFinished(() => api.context.disable());
    const mine = telemetry.tracerProvider.getTracer("mine");
    const runtime = createTestRuntime();
    let failures = 1;
    const look = (name: string, ms: number) =>
      tool({
        ...{ name, description: "Looks.", input: "word: str", output: "meaning: str", idempotent: true },
        async execute({ word }) {
          await runtime.sleep(ms);
          if (name === "slow" && failures-- > 0) throw Object.assign(new Error("busy"), { statusCode: 503 });
          mine.startSpan(`inside ${name}`).end();
          return { meaning: word };
        },
      });
    const calls = ["slow", "quick"].map((name) => ({ tool: name, input: { word: "bees" } }));
    const agent = new DeclarativeAgent({
      name: "asker",
      model: scriptedModel([{ toolCalls: calls }, { json: { answer: "…" } }], { runtime }),
      input: "question: str",
      output: "answer: str",
      tools: [look("slow", 50), look("quick", 20)],
    });
    await using flock = new Flock({
      providers: [provider],
      layers: (stack) => [provider.activeSpanLayer(), ...stack],
      runtime,
    });
    const running = flock.run(agent, { question: "bees?" });
    await runtime.clock.advance(60_000);
    expect(await running).toEqual({ answer: "…" });
    for (const name of ["slow", "quick"]) {
      expect(telemetry.parentOf(telemetry.span(`inside ${name}`))?.name).toBe(`execute_tool ${name}`);
    }
    expect(telemetry.span("execute_tool slow").events.map(({ name }) => name)).toContain("flock.attempt");
    expect(telemetry.parentOf(telemetry.span("execute_tool quick"))?.name).toBe("invoke_agent asker");
    expect(api.trace.getActiveSpan()).toBeUndefined();
    expect([telemetry.open(), provider.counts.failed]).toEqual([0, 0]);
  });

  it("runs the call once, whatever its context manager does, and where no span is", async () => {
    for (const broken of [
      () => {
        throw new Error("before");
      },
      (_: unknown, work: () => void) => {
        work();
        throw new Error("after");
      },
      (_: unknown, work: () => void) => {
        work();
        work();
      },
      () => {},
    ]) {
      const telemetry = startTelemetry();
      const api = { ...telemetry.api, context: { active: () => telemetry.api.context.active(), with: broken } };
      const { tracerProvider, meterProvider } = telemetry;
      const provider = new OpenTelemetryProvider({ api, tracerProvider, meterProvider, maxOpenSpans: 2 });
      let performed = 0;
      const count = tool({
        ...{ name: "count", description: "Counts.", input: "word: str", output: "times: int" },
        execute: async () => ({ times: ++performed }),
      });
      await using flock = new Flock({
        providers: [provider],
        layers: (stack) => [provider.activeSpanLayer(), ...stack],
        runtime: createTestRuntime(),
      });
      expect(await flock.run(count, { word: "a" })).toEqual({ times: 1 });
      expect(performed).toBe(1);
    }
    const api = { ...startTelemetry().api, context: { active: () => startTelemetry().api.context.active() } };
    expect(() => new OpenTelemetryProvider({ api }).activeSpanLayer()).toThrow(
      expect.objectContaining({ code: "option_invalid" }),
    );
  });

  it("tells why a model ended its answer, in the conventions' words, and nothing that is no such word", async () => {
    const throwing = {
      get unified(): string {
        throw new Error("a vendor's own");
      },
    };
    for (const [finishReason, told] of [
      [{ unified: "stop" }, ["stop"]],
      [{ unified: "length" }, ["length"]],
      [{ unified: "tool-calls" }, ["tool_call"]],
      [{ unified: "content-filter" }, ["content_filter"]],
      [{ unified: "other" }, ["other"]],
      [{ unified: "constructor" }, ["constructor"]],
      [{ unified: `Because ${secret}` }, undefined],
      [{ unified: 7 }, undefined],
      [throwing, undefined],
    ] as const) {
      const { telemetry, provider } = watch();
      const model = scriptedModel([{ text: '{"line":"…"}' }]);
      const answer = async (options: Parameters<typeof model.doGenerate>[0]) =>
        Object.assign(await model.doGenerate(options), { finishReason }) as never;
      await using flock = new Flock({
        providers: [provider],
        model: {
          ...model,
          provider: "mine",
          modelId: "one",
          specificationVersion: "v4",
          supportedUrls: {},
          doGenerate: answer,
        },
        runtime: createTestRuntime(),
      });
      const writer = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "line: str", askAgain: 0 });
      await flock.run(writer, { topic: "bees" }).catch(() => undefined);
      const [span, ...others] = telemetry.spans();
      expect(span!.kind).toBe(SpanKind.CLIENT);
      expect(span!.attributes["gen_ai.response.finish_reasons"]).toEqual(told);
      for (const { attributes } of others) expect(attributes).not.toHaveProperty("gen_ai.response.finish_reasons");
      expect(everything(telemetry)).not.toContain("4711");
    }
  });

  it("uses what is registered with the API when it is given nothing else, also when that comes later", async () => {
    const telemetry = startTelemetry();
    const { api } = telemetry;
    const provider = new OpenTelemetryProvider({ api });
    api.trace.setGlobalTracerProvider(telemetry.tracerProvider);
    api.metrics.setGlobalMeterProvider(telemetry.meterProvider);
    onTestFinished(() => {
      api.trace.disable();
      api.metrics.disable();
    });
    feed(provider, { name: "openai/gpt-5", ms: 5, tokens: 8 });
    expect(telemetry.span("chat gpt-5").instrumentationScope.name).toBe("flock-ts");
    expect([...(await telemetry.metrics()).keys()].sort()).toEqual([
      "gen_ai.client.operation.duration",
      "gen_ai.client.token.usage",
    ]);
  });

  it("takes a tracer and a meter before their providers", async () => {
    const telemetry = startTelemetry();
    const tracer = telemetry.tracerProvider.getTracer("mine");
    const meter = telemetry.meterProvider.getMeter("mine");
    feed(new OpenTelemetryProvider({ api: telemetry.api, tracer, meter }), { name: "openai/gpt-5", ms: 5 });
    expect(telemetry.span("chat gpt-5").instrumentationScope.name).toBe("mine");
    expect((await telemetry.metrics()).has("gen_ai.client.operation.duration")).toBe(true);
  });

  it("keeps the times, tokens, cost and first piece of a model's call", () => {
    const { telemetry, provider } = watch();
    const stream = { firstTokenMs: 250, meanGapMs: 1, longestGapMs: 2, pieces: 3 };
    feed(provider, {
      ...{ name: "anthropic.messages/claude-5", ms: 1_500.25, tokens: 40, costMicroUsd: 1_500, stream, queueMs: 500 },
      cacheState: "miss",
    });
    const span = telemetry.span("chat claude-5");
    expect(span.attributes).toEqual({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-5",
      "gen_ai.usage.input_tokens": 30,
      "gen_ai.usage.output_tokens": 10,
      "gen_ai.response.time_to_first_chunk": 0.25,
      "flock.cache": "miss",
      "flock.cost_usd": 0.0015,
      "flock.outcome": "ok",
      "flock.path": "run/anthropic.messages/claude-5#0",
      "flock.queue_seconds": 0.5,
      "flock.run.id": "r",
    });
    expect(span.startTime).toEqual([startOfTime / 1_000, 0]);
    expect(span.endTime).toEqual([startOfTime / 1_000 + 1, 500_250_000]);
    expect(telemetry.span("run anthropic.messages/claude-5").attributes).toMatchObject({
      "flock.run.input_tokens": 30,
      "flock.run.output_tokens": 10,
      "flock.run.cost_usd": 0.0015,
    });
  });

  it("tells on the call's span how a real run mended itself", async () => {
    const { telemetry, provider } = watch();
    const busy = Object.assign(new Error(secret), { statusCode: 529 });
    const agent = new DeclarativeAgent({
      name: "writer",
      model: scriptedModel([{ error: busy }, { json: { line: "…" } }]),
      input: "topic: str",
      output: "line: str",
    });
    const runtime = createTestRuntime();
    await using flock = new Flock({ providers: [provider], runtime });
    const running = flock.run(agent, { topic: "bees" });
    await runtime.clock.advance(120_000);
    await running;
    const model = telemetry.spans().find(({ kind }) => kind === SpanKind.CLIENT)!;
    const told = model.events.map(({ name }) => name);
    expect(told).toContain("flock.recovery");
    expect(told.filter((name) => name === "flock.attempt").length).toBe(2);
    expect(model.attributes).toMatchObject({ "flock.attempts": 2, "flock.outcome": "ok" });
    expect(telemetry.parentOf(model)).toBe(telemetry.span("invoke_agent writer"));
    expect(everything(telemetry)).not.toContain("4711");
  });

  it("finds the call a further attempt belongs to", () => {
    const { telemetry, provider } = watch();
    const events = eventsOf({ name: "agent", kind: "agent", calls: [{ name: "a", ms: 1 }] }, { runId: "r" });
    for (const event of events) {
      const path = event.path.replace("agent#0/", "agent#0@2/");
      provider.handle({ ...event, path });
    }
    expect(telemetry.parentOf(telemetry.span("chat a"))).toBe(telemetry.span("invoke_agent agent"));
  });

  it("tells failed attempts, recoveries and waits as events of the call's span", () => {
    const { telemetry, provider } = watch();
    const error = new Error(secret);
    const events = eventsOf({ name: "openai/gpt-5", ms: 9, failedAttempts: [{ error, ms: 3 }] }, { runId: "r" });
    const head = { v: 1, runId: "r", path: "run/openai/gpt-5#0", time: startOfTime + 4 } as const;
    const more: FlockEvent[] = [
      { ...head, type: "wait-end", resource: "openai", waitedMs: 250 },
      { ...head, type: "recovery-applied", strategy: "retry", code: "overloaded", healed: true },
      {
        ...{ ...head, path: `${head.path}@2`, type: "attempt-end", name: "openai/gpt-5", kind: "model" },
        ...{ attempt: 2, outcome: "ok", durationMs: 2, code: undefined, failure: undefined },
      },
      {
        ...{ ...head, type: "attempt-end", name: "openai/gpt-5", kind: "model" },
        ...{ attempt: 1, outcome: "ok", durationMs: 2, code: undefined, failure: undefined },
      },
    ];
    for (const event of [...events.slice(0, -2), ...more, ...events.slice(-2)]) provider.handle(event);
    const span = telemetry.span("chat gpt-5");
    expect(span.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        "flock.attempt",
        expect.objectContaining({ "flock.attempt.number": 1, "flock.outcome": "error", "error.type": "unknown" }),
      ],
      ["flock.wait", { "flock.resource": "openai", "flock.waited_seconds": 0.25 }],
      ["flock.recovery", { "flock.strategy": "retry", "flock.healed": true, "error.type": "overloaded" }],
      ["flock.attempt", expect.objectContaining({ "flock.attempt.number": 2, "flock.outcome": "ok" })],
    ]);
    expect(span.attributes["flock.attempts"]).toBe(2);
    expect(everything(telemetry)).not.toContain("4711");
  });

  it("marks what failed by its code, and what was cancelled as no error", () => {
    const { telemetry, provider } = watch();
    const calls = [
      { name: "a", kind: "tool", ms: 1, outcome: "error", code: "timeout" },
      { name: "b", kind: "tool", ms: 1, outcome: "cancelled", code: "cancelled" },
      { name: "c", kind: "tool", ms: 1, outcome: "error" },
    ] as const;
    feed(provider, { name: "flow", kind: "pattern", outcome: "error", code: "timeout", calls });
    const seen = (name: string) => [
      telemetry.span(name).status,
      telemetry.span(name).attributes["error.type"],
      telemetry.span(name).attributes["flock.outcome"],
    ];
    expect(seen("execute_tool a")).toEqual([{ code: SpanStatusCode.ERROR }, "timeout", "error"]);
    expect(seen("execute_tool b")).toEqual([{ code: SpanStatusCode.UNSET }, undefined, "cancelled"]);
    expect(seen("execute_tool c")[1]).toBe("_OTHER");
    for (const name of ["run flow", "invoke_workflow flow"]) {
      expect(seen(name)).toEqual([{ code: SpanStatusCode.ERROR }, "timeout", "error"]);
    }
    expect(telemetry.span("invoke_workflow flow").attributes["gen_ai.workflow.name"]).toBe("flow");
  });

  it("records durations and tokens of models' calls with the advised buckets, answers from the cache left out", async () => {
    const { telemetry, provider } = watch();
    const calls = [
      { name: "openai/gpt-5", ms: 30, tokens: 40 },
      { name: "openai/gpt-5", ms: 1, cacheState: "hit" },
      { name: "openai/gpt-5", ms: 70, outcome: "error", code: "overloaded" },
      { name: "search", kind: "tool", ms: 9 },
    ] as const;
    feed(provider, { name: "flow", kind: "pattern", calls });
    const metrics = await telemetry.metrics();
    const model = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-5",
    };
    const durations = metrics.get("gen_ai.client.operation.duration")!;
    expect(durations.map(({ attributes }) => attributes)).toEqual([model, { ...model, "error.type": "overloaded" }]);
    expect(durations[0]!.value).toMatchObject({
      count: 1,
      sum: 0.03,
      buckets: {
        boundaries: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
        counts: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      },
    });
    const tokens = metrics.get("gen_ai.client.token.usage")!;
    expect(tokens.map(({ attributes, value }) => [attributes["gen_ai.token.type"], value])).toMatchObject([
      ["input", { sum: 30 }],
      ["output", { sum: 10 }],
    ]);
  });

  it("watches calls of an agent inside runs it does not see, and forgets them when the outermost ends", async () => {
    const { telemetry, provider } = watch();
    const inner = new DeclarativeAgent({
      name: "inner",
      model: scriptedModel([{ json: { b: "x" } }], { repeat: true }),
      input: "a: str",
      output: "b: str",
      providers: [provider],
    });
    const last = new DeclarativeAgent({
      name: "last",
      model: scriptedModel([{ json: { c: "y" } }], { repeat: true }),
      input: "b: str",
      output: "c: str",
    });
    await new SequentialPattern({ agents: [inner, last] }).execute({ a: "z" });
    expect(telemetry.spans().map(({ name }) => name.split(" ")[0])).toEqual(["chat", "invoke_agent"]);
    expect(telemetry.span("invoke_agent inner").parentSpanContext).toBeUndefined();
    expect(provider.counts).toMatchObject({ open: 0, unfinished: 0 });
  });

  it("ends with the outermost call what was lost inside it", () => {
    const { telemetry, provider } = watch();
    const events = eventsOf({ name: "flow", kind: "pattern", calls: [{ name: "a", ms: 1 }] }, { runId: "r" });
    const lost = events.filter(
      ({ type, path }) => !type.startsWith("run-") && !(type === "call-end" && /a#0$/.test(path)),
    );
    for (const event of lost) provider.handle(event);
    expect(telemetry.open()).toBe(0);
    expect(telemetry.span("chat a").attributes["flock.unfinished"]).toBe(true);
    expect(provider.counts).toMatchObject({ open: 0, unfinished: 1 });
  });

  it("begins no more spans than it may, counts them, and attaches what is below to what is open", () => {
    const { telemetry, provider } = watch({ maxOpenSpans: 2 });
    feed(provider, {
      name: "flow",
      kind: "pattern",
      calls: [
        { name: "a", ms: 1 },
        { name: "b", ms: 1 },
      ],
    });
    expect(telemetry.spans().map(({ name }) => name)).toEqual(["invoke_workflow flow", "run flow"]);
    expect(provider.counts).toEqual({ open: 0, dropped: 2, unfinished: 0, late: 0, failed: 0 });
    feed(provider, { name: "later", kind: "tool", ms: 1 }, "r2");
    expect(telemetry.span("execute_tool later")).toBeDefined();
  });

  it("records metrics also of calls whose span found no room", async () => {
    const { telemetry, provider } = watch({ maxOpenSpans: 1 });
    feed(provider, { name: "openai/gpt-5", ms: 5 });
    expect(telemetry.spans()).toHaveLength(1);
    expect((await telemetry.metrics()).get("gen_ai.client.operation.duration")).toHaveLength(1);
  });

  it("ignores and counts what comes after a run's end, and still knows that of the last thousand runs", async () => {
    const { telemetry, provider } = watch();
    for (let index = 0; index < 1_100; index++) feed(provider, { name: "a", kind: "tool", ms: 1 }, `r${index}`);
    const before = telemetry.spans().length;
    feed(provider, { name: "a", ms: 1 }, "r1099");
    expect(telemetry.spans().length).toBe(before);
    expect(provider.counts).toMatchObject({ late: 4, open: 0 });
    expect((await telemetry.metrics()).size).toBe(0);
  });

  it("ends what is open when it is disposed", async () => {
    const { telemetry, provider } = watch();
    const events = eventsOf({ name: "flow", kind: "pattern", calls: [{ name: "a", ms: 1 }] }, { runId: "r" });
    for (const event of events.slice(0, 3)) provider.handle(event);
    expect(provider.counts.open).toBe(3);
    await provider[Symbol.asyncDispose]();
    expect(telemetry.open()).toBe(0);
    for (const event of events.slice(3)) provider.handle(event);
    expect(provider.counts).toEqual({ open: 0, dropped: 0, unfinished: 3, late: 3, failed: 0 });
  });

  it("fails no run when OpenTelemetry does, and counts it", async () => {
    const telemetry = startTelemetry();
    const broken = () => {
      throw new Error("exporter down");
    };
    const span = { setAttributes: broken, setStatus: broken, addEvent: broken, end: broken };
    for (const tracer of [{ startSpan: broken }, { startSpan: () => span }]) {
      const meter = { createHistogram: broken };
      const provider = new OpenTelemetryProvider({ api: telemetry.api, tracer, meter });
      const { agent, flock } = researcher(provider);
      await expect(flock.run(agent, { topic: "bees" })).resolves.toBeDefined();
      expect(provider.counts.failed).toBeGreaterThan(0);
      expect(provider.counts.open).toBe(0);
    }
  });

  it("refuses options that cannot be", () => {
    const { api } = startTelemetry();
    const wrong = [{}, { api: {} }, { api: null }, { api, tracer: {} }, { api, meter: 1 }, { api, tracerProvider: {} }];
    const more = [
      { api, meterProvider: [] },
      { api, captureContent: 1 },
      { api, maxOpenSpans: 0 },
      { api, x: 1 },
    ];
    for (const options of [...wrong, ...more]) {
      expect(() => new OpenTelemetryProvider(options as never)).toThrow(
        expect.objectContaining({ code: "option_invalid" }),
      );
    }
  });
});
