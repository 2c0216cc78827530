import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  Flock,
  type FlockEvent,
  isFlockError,
  OrchestrationAgent,
  TypeRegistry,
  tool,
} from "../../src/entries/index.ts";
import { ParallelPattern, SequentialPattern } from "../../src/entries/patterns.ts";
import { createTestRuntime, type ScriptedAnswer, scriptedModel } from "../../src/entries/testing.ts";
import { AnalysisAgentTemplate } from "../../src/templates/analysis-agent-template.ts";
import { ResearchAgentTemplate } from "../../src/templates/research-agent-template.ts";
import { caught } from "./caught.ts";

const types = new TypeRegistry()
  .register("ResearchData", z.object({ findings: z.array(z.string()), sources: z.array(z.string()) }))
  .register("Analysis", "{ summary: str, key_points: list[str], confidence: float }");

const asked: string[] = [];
const searchDocuments = tool({
  name: "search_documents",
  description: "Searches documents.",
  input: "query: str",
  output: "passages: list[str]",
  execute: ({ query }) => {
    asked.push(query);
    return { passages: [`${query} [notes.md, Results]`] };
  },
});
const researcher = ResearchAgentTemplate.createAgent({
  name: "researcher",
  types,
  input: "topic: str | what to research",
  output: "research_data: ResearchData",
  tools: [searchDocuments],
});
const analyzer = AnalysisAgentTemplate.createAgent({
  name: "analyzer",
  types,
  input: "research_data: ResearchData",
  output: "analysis: Analysis",
});
const system = new OrchestrationAgent({
  name: "research_system",
  types,
  input: "topic: str",
  output: "analysis: Analysis",
  pattern: new SequentialPattern({ agents: [researcher, analyzer] }),
});

const research = { research_data: { findings: ["tea rose 3 %"], sources: ["notes.md"] } };
const analysis = { analysis: { summary: "it rose", key_points: ["3 %"], confidence: 0.4 } };
const search = { toolCalls: [{ tool: "search_documents", input: { query: "tea" } }] };

function house(answers: readonly ScriptedAnswer[]) {
  const runtime = createTestRuntime();
  const model = scriptedModel(answers, { runtime });
  return { runtime, model, flock: new Flock({ model, runtime }) };
}

describe("the research system of real agents, tools and scripted answers", () => {
  it("researches with the tool, hands the findings on, and gives the analysis alone", async () => {
    const { flock, model } = house([search, { json: research }, { json: analysis }]);
    expect(await system.execute("tea", { flock })).toEqual(analysis);
    expect(asked.at(-1)).toBe("tea");
    const analysisPrompt = JSON.stringify(model.requests[2]?.prompt);
    expect(analysisPrompt).toContain("tea rose 3 %");
    expect(analysisPrompt).not.toContain("what to research");
  });

  it("streams the agents' words and the whole result", async () => {
    const { flock } = house([search, { json: research }, { json: analysis }]);
    const stream = system.stream("tea", { flock });
    const events: FlockEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.some((event) => event.type === "delta" && event.path.includes("analyzer"))).toBe(true);
    expect(await stream.result).toEqual(analysis);
  });

  it("fails with the path of the agent that failed", async () => {
    const wrong = { json: { analysis: { summary: 1 } } };
    const { flock } = house([search, { json: research }, wrong, wrong]);
    const error = await caught(system.execute("tea", { flock }));
    expect(isFlockError(error, "output_invalid") && error.path).toBe("run/research_system#0/sequence#0/analyzer#1");
  });

  it("asks two agents at once and gives each answer under its name", async () => {
    const other = AnalysisAgentTemplate.createAgent({
      name: "other",
      types,
      input: "research_data: ResearchData",
      output: "analysis: Analysis",
    });
    const panel = new ParallelPattern({ agents: { first: analyzer, second: other } });
    const { flock } = house([{ json: analysis }, { json: analysis }]);
    expect(await panel.execute(research, { flock })).toEqual({ first: analysis, second: analysis });
  });

  it("cancels the agents beside the one that fails, and leaves no timer behind", async () => {
    const { flock, runtime, model } = house([
      { json: analysis, delayMs: 60_000 },
      { error: new Error("no such model"), delayMs: 10 },
    ]);
    const other = AnalysisAgentTemplate.createAgent({
      name: "other",
      types,
      input: "research_data: ResearchData",
      output: "analysis: Analysis",
    });
    const run = caught(
      new ParallelPattern({ agents: { first: analyzer, second: other } }).execute(research, { flock }),
    );
    await runtime.clock.advance(10);
    expect(isFlockError(await run, "model_failed")).toBe(true);
    await runtime.clock.settle();
    expect(model.requests[0]?.abortSignal?.aborted).toBe(true);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});
