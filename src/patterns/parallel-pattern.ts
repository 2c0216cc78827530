/** Runs agents at the same time on one input; the first failure ends all of them. */

import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { executeRun, type InputOf, type OutputOf, type RunInput, streamRun } from "../core/door/run.ts";
import type { RunOptions } from "../core/door/run-options.ts";
import type { RunStream } from "../core/door/run-stream.ts";
import { FlockError } from "../core/errors/errors.ts";
import { checkOptions, nameString, positiveNumber } from "../core/errors/options.ts";
import type { Provider } from "../core/events/provider.ts";
import type { Json } from "../core/json/json.ts";
import type { Policy } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import { needsOption, type ResourceNeeds, type ResourceSettings, resourcesOption } from "../core/resource-settings.ts";
import type { AnyRunnable, ExecutionContext, ForkedContext, Runnable } from "../core/runnable.ts";
import { isForbiddenKey } from "../signature/grammar/grammar-names.ts";
import { type Beside, type Branches, refuseClashes, refuseTwoWriters } from "./beside.ts";
import type { Flat, SharedInput } from "./field-flow.ts";
import { nestedShape, takenShape, writtenShape } from "./pattern-shape.ts";
import { type ShownOutput, showOutput } from "./show-output.ts";
import {
  type FieldValues,
  identityOf,
  patternError,
  pickFields,
  policyOf,
  readInput,
  readStep,
  readSteps,
  type SidedShape,
  type Step,
  writeFields,
} from "./step.ts";

/** What a parallel pattern takes: all that its agents need. */
export type ParallelInput<Agents extends Branches> = Agents extends readonly AnyRunnable[]
  ? TupleInput<Agents>
  : Agents extends { readonly [name: string]: AnyRunnable }
    ? Flat<SharedInput<Agents[keyof Agents]>>
    : never;

type TupleInput<Agents extends readonly AnyRunnable[], Taken = unknown> = Agents extends readonly [
  infer First extends AnyRunnable,
  ...infer Rest extends readonly AnyRunnable[],
]
  ? TupleInput<Rest, Taken & InputOf<First>>
  : number extends Agents["length"]
    ? Flat<Taken & SharedInput<Agents[number]>>
    : Flat<Taken>;

/** What a parallel pattern gives: each agent's value under its name, or the fields of all of them. */
export type ParallelOutput<Agents extends Branches> = Agents extends readonly AnyRunnable[]
  ? TupleOutput<Agents>
  : { -readonly [Name in keyof Agents]: Agents[Name] extends AnyRunnable ? OutputOf<Agents[Name]> : never };

type TupleOutput<Agents extends readonly AnyRunnable[], Given = unknown> = Agents extends readonly [
  infer First extends AnyRunnable,
  ...infer Rest extends readonly AnyRunnable[],
]
  ? TupleOutput<Rest, Given & OutputOf<First>>
  : number extends Agents["length"]
    ? unknown extends Given
      ? OutputOf<Agents[number]>
      : Flat<Given & Partial<OutputOf<Agents[number]>>>
    : Flat<Given>;

/** How a parallel pattern is made. */
export interface ParallelPatternOptions<Agents extends Branches, Name extends string> {
  /** By name, `{ pros: a, cons: b }` gives `{ pros: …, cons: … }`; as a list, their fields are merged. At least one. */
  readonly agents: Beside<Agents> extends string
    ? Beside<NoInfer<Agents>>
    : Beside<Agents> extends Agents
      ? Agents
      : Beside<NoInfer<Agents>>;
  /** Its step in paths and events. @default "parallel" */
  readonly name?: Name | undefined;
  /** Keep its answers: with the defaults, these settings, or in this `CacheManager`. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Most milliseconds the whole pattern may take. @default no limit of its own */
  readonly timeoutMs?: number | undefined;
  /** What its calls may use: limits of its own, or a `ResourceManager` shared with others. @default no limit */
  readonly resources?: ResourceSettings | undefined;
  /** What to do about its failures and those of models below it, in the order asked; `false` for nothing. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
  /** What each call takes of `custom` resources, its own ones or the Flock's, while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
}

/**
 * A runnable that calls all its agents at once, each in its own fork. When one fails the others are cancelled, and once
 * all have ended the pattern fails with that first error.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent } from "flock-ts";
 * import { ParallelPattern } from "flock-ts/patterns";
 *
 * const summarizer = new DeclarativeAgent({ name: "summarizer", input: "text: str", output: "summary: str" });
 * const tagger = new DeclarativeAgent({ name: "tagger", input: "text: str", output: "tags: list[str]" });
 * const pattern = new ParallelPattern({ agents: { short: summarizer, labels: tagger } });
 * const { short, labels } = await pattern.execute({ text: "Bees dance to tell each other where flowers are." });
 * console.log(short.summary, labels.tags);
 * ```
 */
export class ParallelPattern<const Agents extends Branches, const Name extends string = "parallel">
  implements Runnable<ParallelInput<Agents>, ParallelOutput<Agents>>
{
  readonly name: Name;
  readonly kind = "pattern";
  readonly input: SidedShape;
  readonly output: SidedShape;
  readonly identity?: Json;
  readonly policy: Policy;
  readonly providers: readonly Provider[];
  declare readonly "~in": ParallelInput<Agents>;
  declare readonly "~out": ParallelOutput<Agents>;
  readonly #steps: readonly Step[];
  /** The field each agent's value goes under; undefined when fields are merged. */
  readonly #names: readonly string[] | undefined;

  /**
   * @throws option_invalid for wrong options, pattern_invalid for two writers of one field or two readers that take it as
   * types that never meet.
   */
  constructor(options: ParallelPatternOptions<Agents, Name>) {
    checkOptions("ParallelPattern", options, parallelOptions);
    this.name = options.name ?? ("parallel" as Name);
    const agents: unknown = options.agents;
    if (Array.isArray(agents)) {
      this.#names = undefined;
      this.#steps = readSteps(this.name, agents);
      refuseTwoWriters(this.name, this.#steps);
      this.output = writtenShape(this.#steps.map((step) => step.output));
    } else {
      const steps = readNamedSteps(this.name, agents);
      this.#names = [...steps.keys()];
      this.#steps = [...steps.values()];
      this.output = nestedShape(new Map(this.#names.map((name) => [name, steps.get(name)!.output])));
    }
    refuseClashes(this.name, this.#steps);
    this.input = takenShape(this.#steps.map((step) => step.input));
    const identity = identityOf("parallel", this.#steps, { names: this.#names ?? null });
    if (identity !== undefined) this.identity = identity;
    this.policy = policyOf(this.name, options, this.#steps);
    this.providers = placeRecovery(options.recovery, { owner: this });
  }

  /** Runs the pattern as a run of its own. Never throws synchronously. */
  execute(input: RunInput<Runnable<ParallelInput<Agents>>>, options?: RunOptions): Promise<ParallelOutput<Agents>> {
    return executeRun(this, input, options);
  }

  /** Like `execute`, with events and partial answers on the way. */
  stream(input: RunInput<Runnable<ParallelInput<Agents>>>, options?: RunOptions): RunStream<ParallelOutput<Agents>> {
    return streamRun(this, input, options);
  }

  /** Runs the agents. Called by the door. */
  async perform(input: ParallelInput<Agents>, context: ExecutionContext): Promise<ParallelOutput<Agents>> {
    const values = readInput(this.name, input);
    const members = () =>
      this.#steps.map(({ output }, index) => ({ fields: output.fields, under: this.#names?.[index] }));
    const outputs = await runTogether(this.#steps, values, context, showOutput(context, members));
    const gathered: FieldValues = {};
    this.#steps.forEach((step, index) => {
      if (this.#names === undefined) {
        writeFields(step, outputs[index], gathered);
      } else {
        const own: FieldValues = {};
        writeFields(step, outputs[index], own);
        gathered[this.#names[index]!] = own;
      }
    });
    return gathered as ParallelOutput<Agents>;
  }

  /** Checks what stands in for its output: an object with every field that is promised. */
  checkOutput(value: unknown): unknown {
    const written: FieldValues = {};
    writeFields({ runnable: this, input: this.input, output: this.output }, value, written);
    return written;
  }
}

const parallelOptions = {
  agents: branchesOption,
  name: nameString,
  cache: cacheOption,
  timeoutMs: positiveNumber,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

/** Why a fork is closed that did its work; one object, since making an error is dear. */
const ended = new DOMException("this branch has ended", "AbortError");

/** Calls every step in a fork of its own; settles once all have ended, with the first failure when there is one. */
async function runTogether(
  steps: readonly Step[],
  values: FieldValues,
  context: ExecutionContext,
  shown: ShownOutput | undefined,
): Promise<readonly unknown[]> {
  const forks: ForkedContext[] = steps.map((_, index) => context.fork({ index }));
  let failure: { readonly error: unknown } | undefined;
  const run = async ({ runnable, input }: Step, index: number): Promise<unknown> => {
    try {
      shown?.hear(forks[index]!, index);
      const output = await forks[index]!.call(runnable, pickFields(input.fields, values));
      shown?.wrote(index, output);
      return output;
    } catch (error) {
      if (failure === undefined) {
        failure = { error };
        cancelOthers(forks, index, runnable.name);
      }
      return undefined;
    }
  };
  const outputs = await Promise.all(steps.map(run));
  for (const fork of forks) fork.cancel(ended);
  if (failure !== undefined) throw failure.error;
  return outputs;
}

function cancelOthers(forks: readonly ForkedContext[], failed: number, agent: string): void {
  const reason = `"${agent}", which ran beside it, failed`;
  const cancelled = new FlockError("cancelled", `cancelled: ${reason}`, { details: { reason } });
  forks.forEach((fork, index) => {
    if (index !== failed) fork.cancel(cancelled);
  });
}

function branchesOption(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? undefined : "agents by name, or a list of agents";
}

function readNamedSteps(pattern: string, agents: unknown): ReadonlyMap<string, Step> {
  const entries = Object.entries((agents ?? {}) as Readonly<Record<string, unknown>>);
  if (entries.length === 0) throw patternError(pattern, "it needs at least one agent");
  for (const [name] of entries) {
    if (fieldName.test(name) && !isForbiddenKey(name)) continue;
    const message = `"${name}" names no field; begin with a letter or '_', then letters, digits, '_' and dots`;
    throw patternError(pattern, message, { field: name });
  }
  return new Map(entries.map(([name, agent]) => [name, readStep(pattern, `agents.${name}`, agent)]));
}

const fieldName = /^[A-Za-z_][\w.]*$/;
