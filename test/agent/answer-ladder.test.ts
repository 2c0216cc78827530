import { describe, expect, it } from "vitest";
import { DeclarativeAgent, Flock, type FlockEvent, tool } from "../../src/entries/index.ts";
import { createTestRuntime, type ScriptedAnswer, scriptedModel } from "../../src/entries/testing.ts";

const summary = { input: "topic: str", output: "summary: str, score: int" } as const;
const good = '{"summary": "short", "score": 3}';
const value = { summary: "short", score: 3 };
const throughTool = { toolCalls: [{ tool: "answer", input: { summary: "short", score: 3 } }] };

/** What a vendor's client throws when its server refuses a request. */
function refusal(message: string, statusCode = 400): Error {
  return Object.assign(new Error(message), { name: "AI_APICallError", statusCode, isRetryable: false });
}

const noSchema = refusal("This model does not support response_format of type json_schema");
const noTools = refusal("registry.example/tiny does not support tools");

function house(answers: readonly ScriptedAnswer[]) {
  const runtime = createTestRuntime();
  const model = scriptedModel(answers, { runtime });
  const warnings: string[] = [];
  const flock = new Flock({ model, runtime, recovery: false });
  flock.events.subscribe((event: FlockEvent) => event.type === "warning" && warnings.push(event.code), {
    types: ["warning"],
  });
  return { runtime, model, flock, warnings, ways: () => model.requests.map(wayOf) };
}

type Request = ReturnType<typeof scriptedModel>["requests"][number];

/** How a request asks for its answer. */
function wayOf(request: Request): string {
  if (request.responseFormat !== undefined) return "schema";
  if (request.tools?.some((one) => one.name.endsWith("answer"))) return request.toolChoice?.type ?? "auto";
  const { content } = request.prompt[0] as { content: string };
  return content.includes("must match this JSON Schema") ? "text" : "nothing";
}

describe("a model that takes no schema beside the prompt", () => {
  it("gives its answer through a tool from the next call on, when it only warned", async () => {
    const { flock, ways, warnings } = house([{ text: good, unsupported: ["responseFormat"] }, throughTool]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "tool"]);
    expect(warnings).toEqual(["answer_mode"]);
  });

  it("is asked through a tool at once when it refused the request, by every agent from then on", async () => {
    const { flock, model, ways, warnings } = house([noSchema, throughTool, throughTool]);
    expect(await new DeclarativeAgent({ name: "a", ...summary }).execute("x", { flock })).toEqual(value);
    expect(await new DeclarativeAgent({ name: "b", ...summary }).execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "tool", "tool"]);
    expect(warnings).toEqual(["answer_mode"]);
    expect(model.requests[1]?.toolChoice).toEqual({ type: "tool", toolName: "answer" });
    expect(model.requests[1]?.tools).toMatchObject([
      { name: "answer", inputSchema: { required: ["summary", "score"] } },
    ]);
    expect(model.requests[1]?.prompt[0]).toMatchObject({
      role: "system",
      content: expect.stringContaining('tool "answer"'),
    });
  });

  it("is guided by text when it takes no tools either", async () => {
    const { flock, ways, warnings } = house([noSchema, noTools, good, good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "tool", "text", "text"]);
    expect(warnings).toEqual(["answer_mode", "answer_mode"]);
  });

  it("keeps other agents' schemas when it refused only this one", async () => {
    const badSchema = refusal("Invalid schema for response_format 'a': 'uniqueItems' is not permitted.");
    const { flock, ways } = house([badSchema, throughTool, good]);
    expect(await new DeclarativeAgent({ name: "a", ...summary }).execute("x", { flock })).toEqual(value);
    expect(await new DeclarativeAgent({ name: "b", ...summary }).execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "tool", "schema"]);
  });

  it("keeps other agents' schemas when it warned of this one alone", async () => {
    const details = "the schema cannot be written as a grammar";
    const warned = { text: good, unsupported: [{ feature: "responseFormat", details }] };
    const { flock, ways } = house([warned, throughTool, good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(await new DeclarativeAgent({ name: "b", ...summary }).execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "tool", "schema"]);
  });

  it("may answer in text all the same", async () => {
    const { flock } = house([noSchema, `Sure: ${good}`]);
    expect(await new DeclarativeAgent({ name: "a", ...summary }).execute("x", { flock })).toEqual(value);
  });

  it("is asked again through the tool, with what was wrong as the tool's result", async () => {
    const wrong = {
      text: "so",
      toolCalls: [{ tool: "answer", input: '{"summary": "short", "score": "many"}', id: "c" }],
    };
    const { flock, model } = house([noSchema, wrong, throughTool]);
    expect(await new DeclarativeAgent({ name: "a", ...summary }).execute("x", { flock })).toEqual(value);
    const [said, result] = model.requests[2]!.prompt.slice(-2);
    expect(said).toMatchObject({
      role: "assistant",
      content: [{ text: "so" }, { type: "tool-call", toolCallId: "c" }],
    });
    expect(result).toMatchObject({ role: "tool", content: [{ toolCallId: "c", output: { type: "error-text" } }] });
    expect(JSON.stringify(result)).toMatch(/\/score.*Call \\"answer\\" again/);
  });

  it("ends with one typed error when the tool's input stays wrong", async () => {
    const wrong = { toolCalls: [{ tool: "answer", input: "no idea" }] };
    const { flock } = house([noSchema, wrong, wrong]);
    const run = new DeclarativeAgent({ name: "a", ...summary }).execute("x", { flock });
    await expect(run).rejects.toMatchObject({ code: "output_unreadable", details: { attempts: 2 } });
  });

  it("still uses the agent's own tools, and may give its answer only after them", async () => {
    const answer = tool({ name: "answer", description: "Asks.", input: "q: str", execute: ({ q }) => ({ said: q }) });
    const { flock, model, ways } = house([
      noSchema,
      { toolCalls: [{ tool: "answer", input: { q: "why" } }] },
      { toolCalls: [{ tool: "final_answer", input: value }] },
    ]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [answer], maxSteps: 2 });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "required", "tool"]);
    expect(model.requests[2]?.toolChoice).toEqual({ type: "tool", toolName: "final_answer" });
    expect(JSON.stringify(model.requests[2]?.prompt)).toContain('"said":"why"');
  });

  it("has the calls beside its answer left alone", async () => {
    let ran = 0;
    const act = tool({ name: "act", description: "Acts.", input: "q: str", execute: () => ({ ran: ++ran }) });
    const wrong = { tool: "answer", input: { summary: 1 } };
    const { flock, model } = house([noSchema, { toolCalls: [{ tool: "act", input: { q: "x" } }, wrong] }, throughTool]);
    const agent = new DeclarativeAgent({ name: "a", ...summary, tools: [act] });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(ran).toBe(0);
    expect(JSON.stringify(model.requests[2]?.prompt.at(-1))).toContain("not run: the answer was given beside it");
  });

  it("steps down for all calls that were under way", async () => {
    const answer = (request: Request) =>
      request.responseFormat === undefined ? throughTool : { error: noSchema, delayMs: 5 };
    const { flock, runtime, ways, warnings } = house(Array.from({ length: 6 }, () => answer));
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    const runs = ["x", "y", "z"].map((topic) => agent.execute(topic, { flock }));
    await runtime.clock.advance(5);
    expect(await Promise.all(runs)).toEqual([value, value, value]);
    expect(ways()).toEqual(["schema", "schema", "schema", "tool", "tool", "tool"]);
    expect(warnings).toEqual(["answer_mode"]);
  });
});

describe("a refusal that is no lesson", () => {
  it.each([
    ["about something else", refusal("max_tokens is too large"), "model_request_invalid"],
    [
      "that may pass by itself",
      Object.assign(refusal("response_format is overloaded"), { statusCode: 503 }),
      "overloaded",
    ],
    ["of a key", refusal("your key may not use structured outputs", 401), "model_unauthorized"],
  ])("is thrown when it is %s", async (_, error, code) => {
    const { flock, ways } = house([error, good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    await expect(agent.execute("x", { flock })).rejects.toMatchObject({ code });
    expect(await agent.execute("x", { flock })).toEqual(value);
    expect(ways()).toEqual(["schema", "schema"]);
  });

  it("is thrown when this very way gave a good answer before", async () => {
    const { flock, ways } = house([good, noSchema, good]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    await agent.execute("x", { flock });
    await expect(agent.execute("x", { flock })).rejects.toMatchObject({
      code: "model_request_invalid",
      details: { status: 400 },
    });
    await agent.execute("x", { flock });
    expect(ways()).toEqual(["schema", "schema", "schema"]);
  });

  it("is thrown when there is no other way left", async () => {
    const { flock } = house([noSchema, noTools, noTools]);
    const agent = new DeclarativeAgent({ name: "a", ...summary });
    await expect(agent.execute("x", { flock })).rejects.toThrow("does not support tools");
  });
});
