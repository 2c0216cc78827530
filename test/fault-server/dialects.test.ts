import { describe, expect, it } from "vitest";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { DeclarativeAgent, Flock, tool } from "../../src/entries/index.ts";
import { resolveModelName } from "../../src/models/resolve-model.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { callContext, callModel } from "../models/call-context.ts";
import { dialects } from "./dialects/all-dialects.ts";
import { reportedUsage } from "./dialects/dialect.ts";
import { type Script, startFaultServer } from "./fault-server.ts";
import { answer, callTool } from "./faults/answers.ts";
import { canaryKey, right, value } from "./what-is-said.ts";

const cases = dialects.flatMap((dialect) =>
  (["execute", "stream"] as const).map((way) => ({ dialect, vendor: dialect.vendor, way })),
);

describe.each(cases)("a healthy model of $vendor, asked by $way", ({ dialect, way }) => {
  async function healthy(...script: Script) {
    const server = await startFaultServer({ dialect, script });
    const variables = dialect.variables(server.url, canaryKey);
    return { server, runtime: createTestRuntime({ fetch: systemRuntime.fetch, variables }) };
  }

  async function run(agent: DeclarativeAgent, runtime: ReturnType<typeof createTestRuntime>) {
    const events: FlockEvent[] = [];
    const options = { flock: new Flock({ runtime }), onEvent: (event: FlockEvent) => void events.push(event) };
    const output = await (way === "execute"
      ? agent.execute({ topic: "bears" }, options)
      : agent.stream({ topic: "bears" }, options).result);
    return { output, answers: events.filter((event) => event.type === "call-end" && event.kind === "model") };
  }

  it("gives text as it was said, with its tokens and the reason to stop", async () => {
    const { server, runtime } = await healthy(answer({ text: "Bär 🐻  and\n more" }));
    await using _ = server;
    const model = resolveModelName(dialect.model, { runtime });
    const { context, deltas } = callContext({ deltas: way === "stream", runtime });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];
    const said = await callModel(model, { prompt }, context);
    const texts = said.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
    expect(texts.join("")).toBe("Bär 🐻  and\n more");
    expect(said.finishReason.unified).toBe("stop");
    expect(model.costOf(said)?.usage).toMatchObject(reportedUsage);
    expect(deltas.length > 2).toBe(way === "stream");
  });

  it("gives structured output by the schema it was sent", async () => {
    const { server, runtime } = await healthy(answer(right));
    await using _ = server;
    const { output, answers } = await run(judge(dialect.model, []), runtime);
    expect(output).toEqual(value);
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(dialect.isStreaming(request!)).toBe(way === "stream");
    expect(dialect.asksForSchema(request!)).toBe(true);
    expect(dialect.keyOf(request!)).toBe(dialect.sendsKey ? canaryKey : undefined);
    expect(JSON.stringify(request?.body)).not.toContain("flock");
    expect(answers).toMatchObject([{ outcome: "ok", usage: reportedUsage }]);
  });

  it("calls a tool, and is told what it gave; both answers have their tokens", async () => {
    const { server, runtime } = await healthy(callTool("search", '{"query":"brown bears"}'), answer(right));
    await using _ = server;
    const asked: string[] = [];
    const search = tool({
      name: "search",
      description: "Searches.",
      input: "query: str",
      execute: ({ query }) => {
        asked.push(query);
        return { found: "eleven of them" };
      },
    });
    const { output, answers } = await run(judge(dialect.model, [search]), runtime);
    expect(output).toEqual(value);
    expect(asked).toEqual(["brown bears"]);
    expect(server.requests).toHaveLength(2);
    expect(JSON.stringify(server.requests[1]?.body)).toContain("eleven of them");
    expect(answers).toMatchObject([{ usage: reportedUsage }, { usage: reportedUsage }]);
  });
});

function judge(model: string, tools: NonNullable<ConstructorParameters<typeof DeclarativeAgent>[0]["tools"]>) {
  return new DeclarativeAgent({
    name: "judge",
    model,
    input: "topic: str",
    output: "verdict: str, score: int",
    tools,
  }) as DeclarativeAgent;
}
