/** The whole system as one user would build it, offline and on documents, through the front doors alone. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Flock, type FlockEvent, OrchestrationAgent, TypeRegistry } from "../../src/entries/index.ts";
import { AgentIntrospection, PerformanceMonitor } from "../../src/entries/introspection.ts";
import { SequentialPattern } from "../../src/entries/patterns.ts";
import { MetricsProvider, VectorStoreProvider } from "../../src/entries/providers.ts";
import { AnalysisAgentTemplate, ResearchAgentTemplate } from "../../src/entries/templates.ts";
import { documentsTool, openDocuments } from "../../src/entries/tools.ts";

const documents = await openDocuments({
  documents: [
    {
      name: "1903 mills.md",
      text: "# Mills\n\nThe steel mill on the river opened in 1903. The steel mill employed 412 people.",
    },
    {
      name: "1951 flood.md",
      text: "# Flood\n\nThe flood of 1951 closed the steel mill for two months. The river rose by four metres.",
    },
    {
      name: "2004 park.md",
      text: "# Park\n\nIn 2004 the town opened a park where the steel mill had stood. Children play there today.",
    },
  ],
});

function createSystem() {
  const types = new TypeRegistry()
    .register(
      "ResearchData",
      z.object({
        findings: z.array(z.object({ quote: z.string(), source: z.string() })),
        sources: z.array(z.string()),
      }),
    )
    .register("Analysis", "{ summary: str, key_points: list[str], confidence: float }");
  const researcher = ResearchAgentTemplate.createAgent({
    name: "researcher",
    types,
    input: "topic: str | what to research",
    output: "research_data: ResearchData",
    tools: [documentsTool(documents)],
  });
  const analyzer = AnalysisAgentTemplate.createAgent({
    name: "analyzer",
    types,
    input: "research_data: ResearchData",
    output: "analysis: Analysis",
  });
  const metrics = new MetricsProvider();
  const memory = new VectorStoreProvider();
  const system = new OrchestrationAgent({
    name: "research_system",
    types,
    input: "topic: str",
    output: "analysis: Analysis",
    pattern: new SequentialPattern({ agents: [researcher, analyzer] }),
    providers: [memory, metrics],
  });
  return { system, metrics, memory };
}

describe("the full system", () => {
  it("answers from documents, is measured, remembered and analysed", async () => {
    const { system, metrics, memory } = createSystem();
    await using flock = new Flock({ model: "offline" });
    const monitor = new PerformanceMonitor({ alerts: [{ metric: "p95Ms", above: 60_000, windowMs: 300_000 }] });
    const { analysis } = await monitor.monitorExecution(system, "the steel mill", { flock });

    expect(analysis.summary).toContain("steel mill");
    expect(analysis.key_points.length).toBeGreaterThan(0);
    expect(analysis.confidence).toBeGreaterThan(0);
    expect(monitor.metricsBuffer).toHaveLength(1);
    expect(monitor.metricsBuffer[0]).toMatchObject({ name: "research_system", success: true });

    const introspection = new AgentIntrospection(system, { monitor, flock });
    const figures = introspection.analyzePerformance();
    expect(figures.successRate).toBeGreaterThan(0.9);
    expect(figures.toolEfficiency.searchDocuments?.calls).toBeGreaterThan(0);
    expect(introspection.dataNeeded).toBeGreaterThan(0);
    expect(introspection.suggestImprovements()).toEqual([]);

    await memory.drain();
    const [found] = await memory.search("steel mill", { agent: "research_system" });
    expect(found?.value).toEqual({ analysis });
    expect(metrics.prometheusText()).toContain('flock_runs_total{name="research_system",outcome="ok"} 1');
    await system[Symbol.asyncDispose]();
  });

  it("gives the same bytes and the same story each time", async () => {
    const tell = async () => {
      const { system } = createSystem();
      await using flock = new Flock({ model: "offline" });
      const story: string[] = [];
      const onEvent = (event: FlockEvent) => void story.push(`${event.type} ${event.path}`);
      const answer = await flock.run(system, "the steel mill", { onEvent });
      return JSON.stringify({ answer, story });
    };
    expect(await tell()).toBe(await tell());
  });
});
