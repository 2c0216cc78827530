/** Programs to advise about models and prompts: real agents and tools, whose scripted models take time by the token. */

import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { DeclarativeAgent } from "../src/agent/declarative-agent.ts";
import { tool } from "../src/agent/tool.ts";
import type { AnyRunnable, ExecutionContext } from "../src/core/runnable.ts";
import { scriptedModel } from "../src/testing/scripted-model.ts";
import type { TestRuntime } from "../src/testing/test-runtime.ts";
import type { AdviceProgram, AdviceWorkload } from "./advice-workloads.ts";

const labels = ["billing", "delivery", "praise", "other"] as const;

interface Letter {
  readonly letter: string;
  readonly other: boolean;
}

/** A model that sorts letters by their number, wrongly as often as said, within half and one and a half times so long. */
function sorter(runtime: TestRuntime, random: () => number, modelId: string, ms: number, wrong = 0) {
  const answer = ({ prompt }: LanguageModelV4CallOptions) => {
    const number = Number(/letter (\d+)/.exec(JSON.stringify(prompt.at(-1)))?.[1]);
    const label = labels[(number + (random() < wrong ? 1 : 0)) % labels.length]!;
    return { json: { label, urgent: number % 3 === 0 }, delayMs: ms * (0.5 + random()) };
  };
  return scriptedModel([answer], { runtime, modelId, repeat: true });
}

/** A desk whose letters go to one model, and now and then to another one too: as often as the other one is tried. */
function desk(
  runtime: TestRuntime,
  random: () => number,
  wrong: number,
  isTried: (run: number) => boolean,
): AdviceProgram {
  const triage = new DeclarativeAgent({
    ...{
      name: "triage",
      input: "letter: str",
      output: "label: 'billing' | 'delivery' | 'praise' | 'other', urgent: bool",
    },
    model: sorter(runtime, random, "big", 900),
  });
  const tried = triage.with({ model: sorter(runtime, random, "small", 250, wrong) });
  const subject = {
    ...{ name: "desk", kind: "pattern" },
    perform: ({ letter, other }: Letter, context: ExecutionContext) => context.call(other ? tried : triage, { letter }),
  } as unknown as AnyRunnable;
  const inputOf = (run: number): Letter => ({ letter: `letter ${run >> 1}`, other: isTried(run) });
  return { subject, inputOf, gapMs: () => 3_000 };
}

/** An agent that looks something up twice; what it finds is long, and its model takes longer for longer prompts. */
function reader(runtime: TestRuntime, random: () => number, share: number): AdviceProgram {
  const lookUp = tool({
    ...{ name: "lookUp", description: "Finds documents.", input: "words: str", output: "found: str" },
    execute: () => ({ found: "so it is. ".repeat(Math.round(share * (1_000 + 3_000 * random()))) }),
  });
  let asked = 0;
  const answer = ({ prompt }: LanguageModelV4CallOptions) => {
    const inputTokens = Math.round(JSON.stringify(prompt).length / 4);
    const outputTokens = Math.round(20 + 60 * random());
    const delayMs = (200 + 0.05 * inputTokens + 8 * outputTokens) * (0.9 + 0.2 * random());
    const rest = { delayMs, usage: { inputTokens, outputTokens } };
    const turns = prompt.filter(({ role }) => role === "tool").length;
    if (turns === 2) return { json: { answer: `answer ${asked++}` }, ...rest };
    return { toolCalls: [{ tool: "lookUp", input: { words: `words ${asked} ${turns}` } }], ...rest };
  };
  const subject = new DeclarativeAgent({
    ...{ name: "reader", input: "question: str", output: "answer: str", tools: [lookUp] },
    model: scriptedModel([answer], { runtime, repeat: true }),
  });
  return { subject, inputOf: (run) => ({ question: `question ${run}` }), gapMs: () => 8_000 };
}

/** Workloads whose advice takes a person: another model, or shorter answers of tools. */
export const modelWorkloads: readonly AdviceWorkload[] = [
  {
    name: "two models that answer alike",
    expects: "model:triage",
    make: (runtime, random) => desk(runtime, random, 0.01, (run) => run % 2 === 1),
    changed: (runtime, random) => desk(runtime, random, 0.01, () => true),
  },
  {
    name: "two models that do not answer alike",
    expects: undefined,
    make: (runtime, random) => desk(runtime, random, 0.2, (run) => run % 2 === 1),
  },
  {
    name: "long context: what a tool answers",
    expects: "tool-output:lookUp",
    make: (runtime, random) => reader(runtime, random, 1),
    changed: (runtime, random) => reader(runtime, random, 0.5),
  },
];
