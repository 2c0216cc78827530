/**
 * A research system on real documents: a researcher finds what speeches say about a topic, an analyzer weighs it, a
 * monitor measures them, and introspection tells what to change. Runs offline; `npm start -- --help` says what else it takes.
 */

import { parseArgs } from "node:util";
import { Flock, isFlockError, OrchestrationAgent, TypeRegistry } from "flock-ts";
import { AgentIntrospection, PerformanceMonitor } from "flock-ts/introspection";
import { SequentialPattern } from "flock-ts/patterns";
import { MetricsProvider, VectorStoreProvider } from "flock-ts/providers";
import { AnalysisAgentTemplate, ResearchAgentTemplate } from "flock-ts/templates";
import { documentsTool, openDocuments } from "flock-ts/tools";
import { z } from "zod";
import { speeches } from "./speeches.ts";
import { progress, section, status, wrap } from "./terminal.ts";

const help = `npm start -- [topic] [--docs FOLDER] [--model MODEL] [--debug]

  topic           what to research            (default: "the cost of health care")
  --docs FOLDER   your own md, txt, json, html or pdf files  (default: 233 State of the Union addresses)
  --model MODEL   such as openai/gpt-5-mini or ollama/llama3.2   (default: offline, needs no network)
  --debug         show the stack of an error`;

const types = new TypeRegistry()
  .register("Finding", "{ quote: str | verbatim from the source, source: str, year?: int }")
  .register(
    "ResearchData",
    z.object({
      findings: z.array(z.object({ quote: z.string(), source: z.string(), year: z.int().optional() })),
      sources: z.array(z.string()),
    }),
  )
  .register(
    "Analysis",
    "{ summary: str, key_points: list[Finding], themes: list[str], sentiment: 'positive' | 'negative' | 'mixed', confidence: float }",
  );

async function main(signal: AbortSignal): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) return console.log(help);
  const topic = (positionals.length === 0 ? "the cost of health care" : positionals.join(" ")).trim();
  if (topic === "") throw new Error("the topic is empty; give a few words, or nothing for the default one");
  const model = values.model ?? "offline";
  await using flock = new Flock({ model });

  const source = values.docs ?? { documents: speeches() };
  const documents = await openDocuments(source, {
    signal,
    onProgress: ({ files }) => status(`reading ${files} documents`),
    onSkip: ({ file, message }) => console.log(`skipped ${file}: ${message}`),
  });
  status("");
  const { files, chunks, milliseconds } = documents.stats;
  console.log(
    `${files} documents, ${chunks} passages indexed in ${(milliseconds / 1_000).toFixed(1)} s; model: ${model}`,
  );

  const researcher = ResearchAgentTemplate.createAgent({
    name: "researcher",
    types,
    input: "topic: str | what to research",
    output: "research_data: ResearchData",
    tools: [documentsTool(documents, { limit: 8 })],
  });
  const analyzer = AnalysisAgentTemplate.createAgent({
    name: "analyzer",
    types,
    input: "topic: str, research_data: ResearchData",
    output: "analysis: Analysis",
  });
  const metrics = new MetricsProvider();
  const memory = new VectorStoreProvider();
  await using system = new OrchestrationAgent({
    name: "research_system",
    types,
    input: "topic: str",
    output: "analysis: Analysis",
    pattern: new SequentialPattern({ agents: [researcher, analyzer] }),
    providers: [memory, metrics],
  });

  const monitor = new PerformanceMonitor({ alerts: [{ metric: "p95Ms", above: 5_000, windowMs: 300_000 }] });
  const shown = progress();
  const { analysis } = await monitor
    .monitorExecution(system, topic, { flock, signal, onEvent: shown.onEvent })
    .finally(shown.stop);

  section(`What they say about ${topic}`, [
    wrap(analysis.summary, ""),
    "",
    ...analysis.key_points.map(({ quote, source, year }, index) => {
      const place = year === undefined || source.includes(`${year}`) ? source : `${source} (${year})`;
      return wrap(`${index + 1}. “${quote}” — ${place}`, "   ");
    }),
    "",
    `Themes: ${analysis.themes.join(", ") || "none"}`,
    `Tone: ${analysis.sentiment}; confidence ${analysis.confidence.toFixed(2)}`,
  ]);

  // One run measures little: its themes and findings are followed up, so that figures and advice rest on more.
  const questions = [...new Set([...analysis.themes, ...analysis.key_points.map(({ quote }) => quote)])];
  for (const [index, question] of questions.entries()) {
    status(`following up, ${index + 1} of ${questions.length}: ${question}`);
    // That nothing is said about one of them is a result too: it counts as a failed run below.
    await monitor.monitorExecution(system, question, { flock, signal }).catch((error: unknown) => {
      if (!isFlockError(error, "no_evidence")) throw error;
    });
  }
  status("");
  await memory.drain();
  const introspection = new AgentIntrospection(system, { monitor, flock });
  const figures = introspection.analyzePerformance();
  section(`Metrics of ${figures.runs} runs`, [
    `mean ${figures.avgExecutionTimeMs.toFixed(0)} ms, p95 ${figures.p95Ms.toFixed(0)} ms, success ${(figures.successRate * 100).toFixed(0)} %`,
    ...Object.entries(figures.toolEfficiency).map(
      ([name, tool]) =>
        `tool ${name}: ${tool.calls} calls, mean ${tool.meanMs.toFixed(0)} ms, ${tool.repeatedCalls} repeated`,
    ),
    ...figures.steps.map(({ name, share }) => `step ${name}: ${(share * 100).toFixed(0)} % of the time`),
    `${memory.size} answers remembered; ${metrics.prometheusText().split("\n").length} lines for Prometheus`,
  ]);
  section("Suggestions", advice(introspection));
}

/** No advice has two reasons, and they are not the same. */
function advice(introspection: AgentIntrospection): readonly string[] {
  const missing = introspection.dataNeeded;
  if (missing > 0) return [`Too little was recorded for advice; runs still needed: ${missing}`];
  const suggestions = introspection.suggestImprovements();
  return suggestions.length === 0
    ? ["Nothing worth changing."]
    : suggestions.map((one) => wrap(`• ${one.sentence}`, "  "));
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        docs: { type: "string" },
        model: { type: "string" },
        debug: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message.split(". ")[0]}; see npm start -- --help`, { cause: error });
  }
}

const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new DOMException("interrupted", "AbortError")));
main(controller.signal).catch((error: unknown) => {
  status("");
  if (controller.signal.aborted) process.exit(130);
  const debug = process.argv.includes("--debug");
  const message = error instanceof Error ? error.message : String(error);
  console.error(debug ? error : `research-system: ${message}`);
  process.exit(1);
});
