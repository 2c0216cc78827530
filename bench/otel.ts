/**
 * What OpenTelemetry adds to a run: no provider, the API without an SDK, and the real SDK with a processor that forgets.
 * Run with `npm run bench:otel`.
 */

import * as api from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { DeclarativeAgent, Flock, tool } from "../src/entries/index.ts";
import { MetricsProvider, OpenTelemetryProvider, type Provider } from "../src/entries/providers.ts";
import { instantModel } from "./instant-model.ts";

const runsPerRound = 500;
const rounds = 15;
const warmUpRuns = 2_000;

const lookUp = tool({
  name: "lookUp",
  description: "Looks a word up.",
  input: "word: str",
  output: "meaning: str",
  execute: async ({ word }: { word: string }) => ({ meaning: word }),
});

let spans = 0;
const forgetting: SpanProcessor = {
  onStart: () => {},
  onEnd: () => void spans++,
  forceFlush: async () => {},
  shutdown: async () => {},
};
const tracerProvider = new TracerProvider({ spanProcessors: [forgetting] });
const meterProvider = new MeterProvider();
const real = { api, tracerProvider, meterProvider };

interface Contender {
  readonly name: string;
  readonly flock: Flock;
  best: number;
}

function contender(name: string, providers: readonly Provider[]): Contender {
  return { name, flock: new Flock({ model: instantModel(), providers }), best: Number.POSITIVE_INFINITY };
}

const contenders = [
  contender("no provider", []),
  contender("MetricsProvider", [new MetricsProvider()]),
  contender("OpenTelemetry, API alone", [new OpenTelemetryProvider({ api })]),
  contender("OpenTelemetry, SDK", [new OpenTelemetryProvider(real)]),
  contender("OpenTelemetry, SDK, with content", [new OpenTelemetryProvider({ ...real, captureContent: true })]),
];
const agents = {
  "one model call": new DeclarativeAgent({
    name: "writer",
    input: "topic: str",
    output: "summary: str, keywords: list[str]",
  }),
  "a tool loop": new DeclarativeAgent({
    ...{ name: "writer", input: "topic: str", output: "summary: str, keywords: list[str]" },
    tools: [lookUp],
  }),
};

for (const [what, agent] of Object.entries(agents)) {
  for (const one of contenders) {
    one.best = Number.POSITIVE_INFINITY;
    for (let count = 0; count < warmUpRuns; count++) await one.flock.run(agent, { topic: "bees" });
  }
  // In turns, and the best of all, since other work on the machine only ever adds.
  for (let round = 0; round < rounds; round++) {
    for (const one of contenders) {
      const start = process.hrtime.bigint();
      for (let count = 0; count < runsPerRound; count++) await one.flock.run(agent, { topic: "bees" });
      one.best = Math.min(one.best, Number(process.hrtime.bigint() - start) / runsPerRound / 1_000);
    }
  }
  const [bare] = contenders;
  console.log(`\n${what}, µs a run (best of ${rounds} rounds of ${runsPerRound})`);
  for (const { name, best } of contenders) {
    console.log(`  ${name.padEnd(36)}${best.toFixed(1).padStart(8)}  +${(best - bare!.best).toFixed(1)}`);
  }
}
console.log(`\n${spans} spans were made`);
for (const { flock } of contenders) await flock[Symbol.asyncDispose]();
