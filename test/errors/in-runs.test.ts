/** What is declared about failures, at work in agents, tools, patterns and Flocks. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  askPerson,
  ErrorManager,
  type Failure,
  fallback,
  fallbackValue,
  handler,
  type RecoveryChoice,
  RecoveryStrategy,
  retry,
  shrinkContext,
  simplifyPrompt,
  switchOutputMode,
  waitForCooldown,
} from "../../src/entries/errors.ts";
import {
  DeclarativeAgent,
  FlockError,
  type JsonObject,
  OrchestrationAgent,
  TypeRegistry,
  tool,
} from "../../src/entries/index.ts";
import { createModel } from "../../src/entries/models.ts";
import { ParallelPattern, SequentialPattern } from "../../src/entries/patterns.ts";
import { type ScriptedAnswer, scriptedModel } from "../../src/entries/testing.ts";
import { answer, around, house, modelError, recoveries, scripted } from "../layers/recovery/failing.ts";

const fields = { input: "topic: str", output: "text: str" } as const;
const good = { json: { text: "ok" } };
const wrong = { json: { other: 5 } };

function agent(answers: readonly ScriptedAnswer[], recovery?: RecoveryChoice, more: object = {}) {
  const model = scriptedModel(answers, { modelId: "first" });
  return { model, agent: new DeclarativeAgent({ name: "a", ...fields, model, recovery, ...more }) };
}

const down = () => modelError("model_unauthorized");
const input = { topic: "Bees dance to tell each other where flowers are." };

async function runAgent(one: { agent: DeclarativeAgent<string, "topic: str", "text: str"> }, options = {}) {
  const { flock, runtime, events } = house(options);
  const outcome = flock
    .run(one.agent, input, { onEvent: (event) => void events.push(event) })
    .catch((error: unknown) => error);
  for (let second = 0; second < 200; second++) await runtime.clock.advance(1_000);
  return { value: (await outcome) as unknown, events, runtime };
}

describe("a fallback model", () => {
  it("answers for a model of an agent, from the list in order", async () => {
    const b = scriptedModel([down()], { modelId: "b" });
    const c = scriptedModel([good], { modelId: "c" });
    const { value, events } = await runAgent(agent([down()], fallback([b, c])));
    expect(value).toEqual({ text: "ok" });
    expect([b.requests.length, c.requests.length]).toEqual([1, 1]);
    expect(recoveries(events)).toEqual(["fallback model_unauthorized false", "fallback model_unauthorized true"]);
  });

  it("is charged at its own price, and so is one whose answer was refused", async () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0 };
    const b = scriptedModel([{ ...good, usage }], { modelId: "b" });
    const prices = { "scripted/first": { input: 7, output: 0 }, "scripted/b": { input: 2, output: 0 } };
    const { events } = await runAgent(agent([down()], fallback(b)), { prices });
    expect(events.at(-1)).toMatchObject({ type: "run-end", costMicroUsd: 2_000_000 });
    const twice = scriptedModel(
      [
        { ...good, usage },
        { ...good, usage },
      ],
      { modelId: "b" },
    );
    const first = createModel(scriptedModel([down()], { modelId: "first" }), {
      recovery: [
        fallbackValue(async (failure: Failure) => {
          await failure.callInstead(createModel(twice));
          return { no: "answer of a model" };
        }),
        fallbackValue((failure: Failure) => failure.callInstead(createModel(twice, { recovery: false }))),
      ],
    });
    const refused = await runAgent(agent([down()], undefined, { model: first }), { prices });
    expect(refused.value).toEqual({ text: "ok" });
    expect(refused.events.at(-1)).toMatchObject({ type: "run-end", costMicroUsd: 4_000_000 });
  });

  it("may be named, and tells what it lacks beside the failure", async () => {
    const error = down();
    const { value } = await runAgent(agent([error], fallback("openai/gpt-5-mini")));
    expect(value).toBe(error);
    expect((value as FlockError).attempts.map(({ name, code }) => `${name} ${code}`)).toEqual([
      "scripted/first model_unauthorized",
      "openai/gpt-5-mini model_key_missing",
    ]);
    const offline = await runAgent(
      agent([modelError("model_unauthorized")], fallback(["openai/gpt-5-mini", "offline"])),
    );
    expect(offline.value).toEqual({ text: expect.any(String) });
  });

  it("answers for the failures named alone, and by default never for what it could not heal", async () => {
    const b = () => scriptedModel([good], { modelId: "b" });
    const only = await runAgent(agent([modelError("model_unauthorized")], fallback(b(), { on: "rate_limited" })));
    expect(only.value).toMatchObject({ code: "model_unauthorized" });
    for (const code of ["budget_exceeded", "input_invalid", "tool_not_approved", "cancelled", "timeout"] as const) {
      const details = (code === "timeout" ? { limit: "deadline", timeoutMs: 1, name: "x" } : {}) as never;
      const failing = scripted("agent", "x", [new FlockError(code, "no", { details })], {
        recovery: [
          fallback(scripted("agent", "y", [{ ok: true }])),
          fallbackValue({ ok: 1 }),
          askPerson(() => ({ ok: 2 })),
        ],
      });
      expect(await house().run(failing)).toMatchObject({ code });
    }
  });
});

describe("a value that stands in", () => {
  it("is checked like the output: a wrong one fails its step, the next one is asked", async () => {
    const recovery = [fallbackValue({ text: 7 }), fallbackValue({ wrong: "x" }), fallbackValue({ text: "sorry" })];
    const { value, events } = await runAgent(agent([down()], recovery));
    expect(value).toEqual({ text: "sorry" });
    expect(recoveries(events)).toEqual([
      ...["fallback-value model_unauthorized false", "fallback-value model_unauthorized false"],
      "fallback-value model_unauthorized true",
    ]);
    const bad = await runAgent(agent([modelError("model_unauthorized")], recovery.slice(0, 1)));
    expect((bad.value as FlockError).attempts.map(({ name, code }) => `${name} ${code}`)).toEqual([
      "a model_unauthorized",
      "fallback-value output_invalid",
    ]);
  });

  it("is checked by a tool with an output, and by an orchestration agent", async () => {
    const recovery = [fallbackValue({ sum: "x" }), fallbackValue({ sum: 1 })];
    const head = { name: "add", description: "adds", input: "a: int", recovery };
    const execute = () => Promise.reject(new Error("x"));
    const { flock } = house();
    expect(await flock.run(tool({ ...head, output: "sum: int", execute }), { a: 1 })).toEqual({ sum: 1 });
    expect(await flock.run(tool({ ...head, execute }), { a: 1 })).toEqual({ sum: "x" });
    const system = new OrchestrationAgent({
      name: "system",
      ...{ ...fields, pattern: agent([down()]).agent },
      recovery: [fallbackValue({ text: 1 }), fallbackValue({ text: "fine" })],
    });
    expect(await flock.run(system, input)).toEqual({ text: "fine" });
  });

  it("is checked by patterns for every field that they promise", async () => {
    const { flock } = house();
    const one = agent([down(), down()]).agent;
    const recovery = [fallbackValue({ no: 1 }), fallbackValue(() => "x"), fallbackValue({ text: "fine", more: 1 })];
    expect(await flock.run(new SequentialPattern({ agents: [one], recovery }), input)).toEqual({ text: "fine" });
    expect(await flock.run(new ParallelPattern({ agents: [one], recovery }), input)).toEqual({ text: "fine" });
  });

  it("is checked by a registered schema that takes its time", async () => {
    const types = new TypeRegistry().register(
      "Even",
      z.number().refine(async (value) => value % 2 === 0),
    );
    const model = scriptedModel([down()]);
    const recovery = [fallbackValue({ n: 3 }), fallbackValue({ n: 4 })];
    const even = new DeclarativeAgent({ name: "e", input: "topic: str", output: "n: Even", types, model, recovery });
    expect(await house().flock.run(even, input)).toEqual({ n: 4 });
  });

  it("is not checked again when it comes from what promises the same, which may take another type than it gives", async () => {
    const types = new TypeRegistry().register(
      "Length",
      z
        .string()
        .transform((text) => text.length)
        .pipe(z.number()),
    );
    const make = (name: string, json: JsonObject | Error, recovery?: RecoveryChoice) =>
      new DeclarativeAgent({
        ...{ name, input: "topic: str", output: "n: Length", types, recovery },
        model: scriptedModel([json instanceof Error ? json : { json }]),
      });
    const second = make("b", { n: "four" });
    expect(await house().flock.run(make("a", down(), fallback(second)), input)).toEqual({ n: 4 });
  });

  it("is a copy of its own for each caller", async () => {
    const one = agent([down(), down(), down()], fallbackValue({ text: "x" }));
    const { flock } = house();
    const first = await flock.run(one.agent, input);
    (first as { text: string }).text = "changed";
    expect(await flock.run(one.agent, input)).toEqual({ text: "x" });
  });

  it("for a model must be an answer of a model", async () => {
    const model = createModel(scriptedModel([down()]), {
      recovery: [fallbackValue({ text: "x" }), fallbackValue(answer("ok"))],
    });
    expect(await house().run(model)).toEqual(answer("ok"));
    const bad = createModel(scriptedModel([down()]), { recovery: fallbackValue({ text: "x" }) });
    expect(((await house().run(bad)) as FlockError).attempts.at(-1)?.code).toBe("output_invalid");
  });
});

describe("handlers of one list", () => {
  class QuotaError extends Error {}

  it("are one set at the place of the first, the most specific first", async () => {
    const asked: string[] = [];
    const decline = (name: string) => () => void asked.push(name);
    const recovery = [
      fallbackValue(decline("value")),
      handler(FlockError, decline("class")),
      fallbackValue(decline("value 2")),
      handler(Error, decline("far class")),
      handler("overloaded", decline("code")),
      handler("timeout", decline("another")),
      handler((error) => error instanceof Error, decline("function")),
    ];
    await house().run(scripted("agent", "x", [modelError()], { recovery }));
    expect(asked).toEqual(["value", "function", "code", "class", "far class", "value 2"]);
  });

  it("see what a tool threw", async () => {
    const broken = tool({
      ...{ name: "t", description: "d", input: "a: int", output: "sum: int" },
      execute: () => Promise.reject(new QuotaError("used up")),
      recovery: handler(QuotaError, (error) => ({ sum: error.message.length })),
    });
    expect(await house().flock.run(broken, { a: 1 })).toEqual({ sum: 7 });
  });

  it("may take their time for the calls they make, not for themselves", async () => {
    const slow = scripted("agent", "slow", [
      async (_: unknown, context: { runtime: { sleep(ms: number): Promise<void> } }) => {
        await context.runtime.sleep(100_000);
        return { ok: true };
      },
    ]);
    const calling = handler("overloaded", async (_, failure) => failure.callInstead(slow), { timeoutMs: 1_000 });
    expect(await house().run(scripted("agent", "x", [modelError()], { recovery: calling }))).toEqual({ ok: true });
    const idle = handler("overloaded", (_, failure) => failure.runtime.sleep(100_000).then(() => ({ ok: 1 })), {
      timeoutMs: 1_000,
    });
    const error = modelError();
    expect(await house().run(scripted("agent", "x", [error], { recovery: idle }))).toBe(error);
    expect(error.attempts.at(-1)).toMatchObject({ code: "timeout" });
  });
});

describe("an error manager in a run", () => {
  it("answers wherever it is declared, and gets the failure", async () => {
    const manager = new ErrorManager();
    const paths: string[] = [];
    manager.registerHandler("overloaded", (_, failure) => {
      paths.push(failure.path);
      return { ok: failure.attempt };
    });
    const inner = scripted("agent", "inner", [modelError()], { recovery: manager });
    expect(await house().run(around(inner))).toEqual({ ok: 1 });
    expect(await house({ recovery: manager }).run(around(scripted("agent", "inner", [modelError()])))).toEqual({
      ok: 1,
    });
    expect(paths).toEqual(["run/outer#0/inner#0", "run/outer#0"]);
  });

  it("can ask for another attempt, for something else, or decline", async () => {
    const other = scripted("agent", "other", [{ other: true }]);
    const manager = new ErrorManager();
    manager.registerHandler("overloaded", (_, failure) => failure.retry());
    manager.registerHandler("rate_limited", (_, failure) => failure.callInstead(other));
    const { run, events } = house();
    expect(await run(scripted("agent", "x", [modelError(), { ok: true }], { recovery: manager }))).toEqual({
      ok: true,
    });
    expect(await run(scripted("agent", "x", [modelError("rate_limited")], { recovery: manager }))).toEqual({
      other: true,
    });
    const error = modelError("model_failed");
    expect(await run(scripted("agent", "x", [error], { recovery: manager }))).toBe(error);
    expect(recoveries(events)).toEqual(["error-manager overloaded true", "error-manager rate_limited true"]);
  });

  it("analyses the failures of the agents, patterns and Flocks it is declared on", async () => {
    const manager = new ErrorManager();
    const { flock } = house();
    const one = agent([down(), down(), down()], manager).agent;
    const system = new OrchestrationAgent({ name: "system", ...fields, pattern: one, recovery: manager });
    for (const run of [flock.run(one, input), flock.run(system, input)]) await run.catch(() => {});
    expect(manager.analyze()).toMatchObject({ runs: 2, failedRuns: 2 });
    expect(manager.analyze().groups[0]).toMatchObject({ code: "model_unauthorized" });
    const near = new ErrorManager();
    near.registerHandler(Error, () => ({ fine: true }));
    const broken = tool({
      name: "t",
      description: "d",
      input: "a: int",
      execute: () => Promise.reject(new Error("x")),
      recovery: near,
    });
    expect(await flock.run(broken, { a: 1 })).toEqual({ fine: true });
    await house().run(createModel(scriptedModel([down()]), { recovery: near }));
    expect(near.analyze().runs).toBe(2);
    const wide = new ErrorManager();
    await house({ recovery: wide }).run(scripted("agent", "x", [modelError("model_failed")]));
    expect(wide.analyze()).toMatchObject({ runs: 1, failedRuns: 1 });
  });

  it("tells what its handlers did wrong in the story of the first error", async () => {
    const manager = new ErrorManager({ timeoutMs: 2_000 });
    manager.registerHandler("overloaded", () => {
      throw new TypeError("handler broke");
    });
    manager.registerHandler("overloaded", () => new Promise(() => {}));
    const error = modelError();
    const { run, events } = house();
    expect(await run(scripted("agent", "x", [error], { recovery: manager }))).toBe(error);
    expect(error.attempts.map(({ name, code }) => `${name} ${code}`)).toEqual([
      ...["x overloaded", "handler for overloaded unknown", "handler for overloaded timeout"],
    ]);
    expect(events.filter(({ type }) => type === "warning")).toHaveLength(2);
    const around = new Error("nicer", { cause: error });
    manager.registerHandler(
      () => true,
      () => Promise.reject(around),
    );
    expect(await run(scripted("agent", "x", [error], { recovery: manager }))).toBe(around);
  });
});

describe("a recovery strategy in a run", () => {
  it("may call the same thing on each attempt, and heals when that answers", async () => {
    const other = scripted("agent", "b", [modelError("rate_limited"), modelError("rate_limited"), { ok: true }]);
    const strategy = new RecoveryStrategy({
      ...{ name: "other", conditions: ["overloaded"], maxAttempts: 3 },
      actions: [(failure) => failure.callInstead(other)],
    });
    const { run, events } = house();
    expect(await run(scripted("agent", "a", [modelError()], { recovery: strategy }))).toEqual({ ok: true });
    expect(recoveries(events)).toEqual([...Array(2).fill("other overloaded false"), "other overloaded true"]);
  });

  it("tells the whole story when it is used up, each failure once", async () => {
    const strategy = new RecoveryStrategy({
      ...{ name: "all", conditions: [], maxAttempts: 2 },
      actions: [
        (failure) => failure.retry(),
        () => {
          throw new Error("no idea");
        },
      ],
    });
    const error = modelError();
    const failing = scripted("agent", "a", [error, modelError("rate_limited"), modelError("model_failed")], {
      recovery: strategy,
    });
    expect(await house().run(failing)).toBe(error);
    expect(error.attempts.map(({ name, code }) => `${name} ${code}`)).toEqual([
      ...["a overloaded", "a rate_limited", "all: action 2 unknown", "a model_failed", "all: action 2 unknown"],
    ]);
  });

  it("stops once the run has spent what it may, and lists that", async () => {
    const usage = { inputTokens: 600_000, outputTokens: 0 };
    const paid = agent(Array(4).fill({ ...wrong, usage }), undefined, { askAgain: 0 });
    const failing = new DeclarativeAgent({
      ...{ name: "x", ...fields, model: scriptedModel([down()]) },
      recovery: new RecoveryStrategy({
        ...{ name: "dear", conditions: [], maxAttempts: 10, maxCostUsd: 1 },
        actions: [(failure) => failure.callInstead(paid.agent)],
      }),
    });
    const { value } = await runAgent({ agent: failing }, { prices: { "scripted/first": { input: 1, output: 0 } } });
    expect((value as FlockError).attempts.map(({ name, code }) => `${name} ${code}`)).toEqual([
      ...["x model_unauthorized", "a output_invalid", "a output_invalid", "dear budget_exceeded"],
    ]);
  });
});

describe("asking a person", () => {
  it("waits for the answer, and gives it checked", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const recovery = askPerson((failure) => (failure.attempts.length === 1 ? promise : undefined));
    const one = agent([down()], recovery);
    const { flock, runtime } = house();
    const outcome = flock.run(one.agent, input);
    await runtime.clock.advance(3_600_000);
    resolve({ text: "by hand" });
    expect(await outcome).toEqual({ text: "by hand" });
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("may be for some failures alone", async () => {
    const recovery = askPerson(() => ({ ok: true }), { on: "rate_limited" });
    expect(await house().run(scripted("agent", "x", [modelError()], { recovery }))).toMatchObject({
      code: "overloaded",
    });
  });

  it("ends with the deadline", async () => {
    let signal: AbortSignal | undefined;
    const recovery = askPerson((failure) => {
      signal = failure.signal;
      return new Promise(() => {});
    });
    const { run } = house();
    const error = await run(scripted("agent", "x", [modelError()], { recovery }), { timeoutMs: 60_000 });
    expect(error).toMatchObject({ code: "timeout" });
    expect(signal?.aborted).toBe(true);
  });
});

describe("waiting for a cooldown", () => {
  const busy = (retryAfterMs: number) => modelError("rate_limited", { retryAfterMs });

  it("waits as long as asked, then tries once more", async () => {
    const model = scripted("model", "m", [busy(20_000), answer("ok")]);
    const recovery = [retry({ maxAttempts: 1 }), waitForCooldown({ maxMs: 30_000 })];
    expect(await house().run(around(model, { recovery }))).toEqual(answer("ok"));
    expect(model.begun[1]).toBeGreaterThanOrEqual(20_000);
  });

  it("declines where more is asked for, or nothing", async () => {
    for (const error of [busy(40_000), modelError()]) {
      const model = scripted("model", "m", [error, answer("ok")]);
      const recovery = [retry({ maxAttempts: 1 }), waitForCooldown({ maxMs: 30_000 })];
      expect(await house().run(around(model, { recovery }))).toBe(error);
    }
  });
});

describe("other ways of asking", () => {
  it("switch the form of the answer, each lower one in turn", async () => {
    const one = agent([wrong, wrong, wrong, wrong, good], switchOutputMode());
    const { value, events } = await runAgent(one);
    expect(value).toEqual({ text: "ok" });
    const forms = one.model.requests.map(
      ({ responseFormat, toolChoice }) => responseFormat?.type ?? toolChoice?.type ?? "text",
    );
    expect(forms).toEqual(["json", "json", "tool", "tool", "text"]);
    expect(recoveries(events).filter((told) => told.startsWith("switch"))).toEqual([
      ...["switch-output-mode output_invalid false", "switch-output-mode output_invalid true"],
    ]);
  });

  it("leave the agent itself as it was", async () => {
    const one = agent([wrong, wrong, { text: '{"text":"ok"}' }, good], switchOutputMode(), { askAgain: 1 });
    const { flock } = house();
    await flock.run(one.agent, input).catch(() => {});
    await flock.run(one.agent, input).catch(() => {});
    expect(one.model.requests.at(-1)?.responseFormat?.type).toBe("json");
  });

  it("simplify the prompt: no description, instructions cut at a sentence", async () => {
    const instructions = `${"Heed this rule. ".repeat(30)}And never forget the last one.`;
    const one = agent([wrong, wrong, good], simplifyPrompt(), { instructions, description: "A dear helper" });
    const { value } = await runAgent(one);
    expect(value).toEqual({ text: "ok" });
    const [before, , after] = one.model.requests.map(({ prompt }) => prompt[0]?.content as string);
    expect(before).toContain("A dear helper");
    expect(before).toContain("the last one");
    expect(after).not.toContain("A dear helper");
    expect(after).not.toContain("the last one");
    expect(after).toContain("Heed this rule.");
    expect(after).toContain("Keep it simple");
  });

  it("do nothing for what is no agent of ours, for other failures, and when they are all used up", async () => {
    for (const step of [switchOutputMode(), simplifyPrompt()]) {
      const other = scripted(
        "agent",
        "x",
        [new FlockError("output_invalid", "w", { details: { pointer: "", issues: [] } })],
        { recovery: step },
      );
      expect(await house().run(other)).toMatchObject({ code: "output_invalid" });
      expect((await runAgent(agent([down()], step))).value).toMatchObject({ code: "model_unauthorized" });
      const used = agent(Array(8).fill(wrong), step);
      expect((await runAgent(used)).value).toMatchObject({ code: "output_invalid" });
    }
    const offline = agent([good], switchOutputMode(), { model: "offline", output: "n: int" } as never);
    expect((await runAgent(offline as never)).value).toMatchObject({ code: "no_evidence" });
  });

  it("do not repeat what a tool did", async () => {
    let sent = 0;
    const mail = tool({ name: "mail", description: "d", input: "to: str", execute: () => ({ sent: ++sent }) });
    const call = { toolCalls: [{ tool: "mail", input: { to: "x" } }] } as never;
    const one = agent([call, wrong, wrong], [switchOutputMode(), simplifyPrompt()], { tools: [mail] });
    expect((await runAgent(one)).value).toMatchObject({ code: "output_invalid" });
    expect(sent).toBe(1);
  });
});

describe("a context that is too long", () => {
  const tooLong = modelError("context_too_long");
  const turn = (n: number, text = `result ${n}`) => [
    { role: "assistant", content: [{ type: "tool-call", toolCallId: `${n}`, toolName: "t", input: "{}" }] },
    {
      role: "tool",
      content: [{ type: "tool-result", toolCallId: `${n}`, toolName: "t", output: { type: "text", value: text } }],
    },
  ];
  const head = [
    { role: "system", content: "s" },
    { role: "user", content: [{ type: "text", text: "inputs" }] },
  ];
  const ask = async (doings: readonly unknown[], prompt: unknown[], keep?: number) => {
    const model = scripted("model", "m", doings);
    const caller = { ...around(model, { recovery: shrinkContext(keep === undefined ? {} : { keep }) }) };
    const { flock, events } = house();
    const outcome = await flock
      .run(
        {
          ...caller,
          perform: (_: unknown, context: never) =>
            (context as { call(a: unknown, b: unknown): Promise<unknown> }).call(model, { prompt, seed: 1 }),
        } as never,
        {} as never,
        {
          onEvent: (event) => void events.push(event),
        },
      )
      .catch((error: unknown) => error);
    return {
      outcome,
      prompts: model.inputs.map((one) => (one as { prompt: { role: string }[] }).prompt),
      model,
      events,
    };
  };

  it("loses its middle turns, never a call without its result", async () => {
    const prompt = [...head, ...[1, 2, 3, 4].flatMap((n) => turn(n))];
    const { outcome, prompts, model, events } = await ask([tooLong, answer("ok")], prompt);
    expect(outcome).toEqual(answer("ok"));
    expect(prompts[1]).toEqual([...head, ...turn(3), ...turn(4)]);
    expect(model.inputs[1]).toMatchObject({ seed: 1 });
    expect(events.find(({ type }) => type === "warning")).toMatchObject({ code: "context_shrunk" });
    expect((await ask([tooLong, answer("ok")], prompt, 1)).prompts[1]).toEqual([...head, ...turn(4)]);
  });

  it("has long results cut when that is not enough, and nothing else", async () => {
    const prompt = [...head, ...turn(1), ...turn(2), ...turn(3, "x".repeat(9_000))];
    const { outcome, prompts } = await ask([tooLong, tooLong, answer("ok")], prompt);
    expect(outcome).toEqual(answer("ok"));
    const last = JSON.stringify(prompts[2]);
    expect(last).toContain("(7000 characters left out)");
    expect(last).toContain("result 2");
    expect(last).not.toContain("result 1");
    const json = [...head, ...turn(1)];
    (json[3] as { content: { output: unknown }[] }).content[0]!.output = {
      type: "json",
      value: { long: "y".repeat(5_000) },
    };
    expect(JSON.stringify((await ask([tooLong, answer("ok")], json)).prompts[1])).toContain("characters left out");
  });

  it("goes on failing when there is nothing to cut, or it is still too long", async () => {
    const none = await ask([tooLong], head);
    expect([none.outcome, none.prompts.length]).toEqual([tooLong, 1]);
    const still = await ask([tooLong], [...head, ...[1, 2, 3].flatMap((n) => turn(n))]);
    expect([still.outcome, still.prompts.length]).toEqual([tooLong, 2]);
    const other = await ask([modelError("model_unauthorized")], [...head, ...[1, 2, 3].flatMap((n) => turn(n))]);
    expect(other.prompts).toHaveLength(1);
    const then = await ask(
      [tooLong, modelError("model_unauthorized")],
      [...head, ...[1, 2, 3].flatMap((n) => turn(n))],
    );
    expect(then.outcome).toBe(tooLong);
  });
});
