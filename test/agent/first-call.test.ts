import type { LanguageModelV4 } from "@ai-sdk/provider";
import { describe, expect, it, vi } from "vitest";
import { DeclarativeAgent } from "../../src/agent/declarative-agent.ts";
import { Flock } from "../../src/flock.ts";

// Nothing here may import what asks models at the top: these are the first calls of a process.

const seen: string[] = [];
const model = {
  specificationVersion: "v4",
  provider: "test",
  modelId: "instant",
  supportedUrls: {},
  async doGenerate({ prompt }) {
    seen.push(JSON.stringify(prompt.at(-1)?.content));
    const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 };
    return {
      content: [{ type: "text", text: '{"answer":"yes"}' }],
      finishReason: { unified: "stop", raw: "stop" },
      usage: { inputTokens: tokens, outputTokens: { total: 1, text: 1, reasoning: 0 } },
      warnings: [],
    };
  },
  doStream: () => Promise.reject(new Error("nobody streams here")),
} satisfies LanguageModelV4;

const declare = (name: string) =>
  new DeclarativeAgent({ name, model, input: "topic: str, tags: list[str]", output: "answer: str" });

describe("the first calls of agents in a process", () => {
  it("ask with the input as it was when they began, all of them, each once", async () => {
    await using flock = new Flock();
    const [first, second] = [declare("first"), declare("second")];
    const tags = ["honey"];
    const input = { topic: "bees", tags };
    const running = [flock.run(first, input), flock.run(second, input)];
    input.topic = "wasps";
    tags.push("sting");
    running.push(flock.run(first, input));
    expect(await Promise.all(running)).toEqual([{ answer: "yes" }, { answer: "yes" }, { answer: "yes" }]);
    const words = ["bees", "wasps", "honey", "sting"];
    expect(seen.map((text) => words.filter((word) => text.includes(word)))).toEqual([
      ["bees", "honey"],
      ["bees", "honey"],
      ["wasps", "honey", "sting"],
    ]);
  });

  it("fail like later ones where the input is wrong", async () => {
    vi.resetModules();
    const fresh = await import("../../src/agent/declarative-agent.ts");
    const house = await import("../../src/flock.ts");
    await using flock = new house.Flock();
    const agent = new fresh.DeclarativeAgent({ name: "strict", model, input: "count: int", output: "answer: str" });
    const run = () => flock.run(agent, { count: "many" } as never);
    await expect(run()).rejects.toMatchObject({ code: "input_invalid", path: "run/strict#0" });
    await expect(run()).rejects.toMatchObject({ code: "input_invalid", path: "run/strict#0" });
  });

  it("end with their signal's reason when it aborts before anything could be asked", async () => {
    vi.resetModules();
    const fresh = await import("../../src/agent/declarative-agent.ts");
    const house = await import("../../src/flock.ts");
    await using flock = new house.Flock();
    const agent = new fresh.DeclarativeAgent({ name: "late", model, input: "topic: str", output: "answer: str" });
    const asked = seen.length;
    const stop = new AbortController();
    const running = flock.run(agent, "bees", { signal: stop.signal });
    const reason = new Error("never mind");
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
    await flock.run(agent, "ants");
    expect(seen.slice(asked).map((text) => text.includes("ants"))).toEqual([true]);
  });
});
