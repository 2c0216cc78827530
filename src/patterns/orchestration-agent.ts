/** Gives a pattern the face of one agent: its own name, signature, providers and limits. */

import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { executeRun, type InputOf, type OutputOf, streamRun } from "../core/door/run.ts";
import type { RunOptions } from "../core/door/run-options.ts";
import type { RunStream } from "../core/door/run-stream.ts";
import {
  checkOptions,
  listOption,
  nameString,
  nonEmptyString,
  objectOption,
  optionError,
  positiveNumber,
} from "../core/errors/options.ts";
import type { Provider } from "../core/events/provider.ts";
import { disposeProviders } from "../core/events/provider-listener.ts";
import type { Json } from "../core/json/json.ts";
import type { Policy } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import { needsOption, type ResourceNeeds, type ResourceSettings, resourcesOption } from "../core/resource-settings.ts";
import type { AnyRunnable, ExecutionContext, Runnable } from "../core/runnable.ts";
import type { BareInput, InferInput, InferOutput, SignatureText } from "../signature/infer-signature.ts";
import { parseSignature } from "../signature/parse-signature.ts";
import type { Signature } from "../signature/signature.ts";
import type { TypeRegistry } from "../signature/type-registry.ts";
import { checkValues, settledSignature } from "./checked-values.ts";
import type { Called, Unfed } from "./field-flow.ts";
import { FieldSupply } from "./field-supply.ts";
import { showOutput } from "./show-output.ts";
import { type FieldValues, identityOf, pickFields, policyOf, readStep, type Step, writeFields } from "./step.ts";

/** The pattern itself when it fits the declared input and output, else a sentence for each field that does not. */
export type Fits<Pattern extends AnyRunnable, Name extends string, In, Out> = [In] extends [InputOf<Pattern>]
  ? [OutputOf<Pattern>] extends [Out]
    ? Pattern
    : Misfit<Pattern, Name, In, Out>
  : Misfit<Pattern, Name, In, Out>;

type Misfit<Pattern extends AnyRunnable, Name extends string, In, Out> =
  | Sentence<Called<Pattern>, Unfed<InputOf<Pattern>, In, `the input of '${Name}' does not give`>>
  | Sentence<
      `the output of '${Name}'`,
      Unfed<Out, OutputOf<Pattern>, `${Called<Pattern>} does not write`>
    > extends infer Problem
  ? [Problem] extends [never]
    ? Pattern
    : Problem
  : never;

type Sentence<Subject extends string, Problem extends string> = `${Subject} ${Problem}`;

/** How an orchestration agent is made. */
export interface OrchestrationAgentOptions<
  Name extends string,
  Input extends string,
  Output extends string,
  Types,
  Pattern extends AnyRunnable,
> {
  /** What it is called in paths, events and messages. */
  readonly name: Name;
  /** What it takes. */
  readonly input: SignatureText<Input, Types>;
  /** What it gives: fields that the pattern writes. */
  readonly output: SignatureText<Output, Types>;
  /** The work. It must write every output field and need none outside `input`. */
  readonly pattern: Fits<Pattern, Name, InferInput<Input, Types>, InferOutput<Output, Types>> extends Pattern
    ? Pattern
    : Fits<Pattern, Name, InferInput<Input, Types>, InferOutput<Output, Types>>;
  /** The names `input` and `output` may use. */
  readonly types?: TypeRegistry<Types> | undefined;
  /** Watch its runs and everything below them. */
  readonly providers?: readonly Provider[] | undefined;
  /** What it is for, in a sentence: for whoever chooses among agents. */
  readonly description?: string | undefined;
  /** Keep its answers: with the defaults, these settings, or in this `CacheManager`. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Most milliseconds one call may take. @default no limit of its own */
  readonly timeoutMs?: number | undefined;
  /** What its calls may use: limits of its own, or a `ResourceManager` shared with others. @default no limit */
  readonly resources?: ResourceSettings | undefined;
  /** What to do about its failures and those of models below it, in the order asked; `false` for nothing. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
  /** What each call takes of `custom` resources, its own ones or the Flock's, while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
}

/**
 * A runnable that checks its input, calls its pattern, and gives exactly its declared output fields, checked.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent, OrchestrationAgent } from "flock-ts";
 * import { SequentialPattern } from "flock-ts/patterns";
 *
 * const reader = new DeclarativeAgent({ name: "reader", input: "text: str", output: "key_points: list[str]" });
 * const writer = new DeclarativeAgent({ name: "writer", input: "key_points: list[str]", output: "summary: str" });
 * const system = new OrchestrationAgent({
 *   name: "summary_system",
 *   input: "text: str",
 *   output: "summary: str",
 *   pattern: new SequentialPattern({ agents: [reader, writer] }),
 * });
 * const { summary } = await system.execute("Bees dance to tell each other where flowers are.");
 * console.log(summary);
 * ```
 */
export class OrchestrationAgent<
  const Name extends string,
  const Input extends string,
  const Output extends string,
  Types = {},
  Pattern extends AnyRunnable = AnyRunnable,
> implements Runnable<InferInput<Input, Types>, InferOutput<Output, Types>>
{
  readonly name: Name;
  readonly kind = "agent";
  readonly description: string | undefined;
  readonly input: Signature;
  readonly output: Signature;
  readonly identity?: Json;
  readonly policy: Policy;
  readonly providers: readonly Provider[];
  declare readonly "~in": InferInput<Input, Types>;
  declare readonly "~out": InferOutput<Output, Types>;
  readonly #step: Step;
  readonly #settled: Signature;

  /**
   * @throws option_invalid for wrong options, signature_invalid for a bad signature, pattern_invalid when the pattern
   * needs a field outside `input` or does not write one of `output`.
   */
  constructor(options: OrchestrationAgentOptions<Name, Input, Output, Types, Pattern>) {
    checkOptions("OrchestrationAgent", options, orchestrationOptions);
    requireOptions(options);
    const { name, types } = options;
    this.name = name;
    this.description = options.description;
    this.input = parseSignature(options.input, { types, name: `input of ${name}` });
    this.output = parseSignature(options.output, { types, name: `output of ${name}` });
    this.#step = readStep(name, "pattern", options.pattern);
    this.#settled = settledSignature(this.output, this.#step.output.fields);
    connect(name, this.#step, this.input, this.output);
    const identity = identityOf("orchestration", [this.#step], {
      input: this.input.source,
      output: this.output.source,
    });
    if (identity !== undefined) this.identity = identity;
    this.policy = policyOf(this.name, options, [this.#step]);
    const listeners = placeRecovery(options.recovery, { owner: this });
    this.providers = Object.freeze([...(options.providers ?? []), ...listeners]);
  }

  /**
   * Runs it as a run of its own. Takes a bare value when the input is one plain field. Never throws synchronously.
   *
   * @throws input_invalid or output_invalid, and whatever its agents throw, with the path of the call.
   */
  execute(input: BareInput<Input, Types>, options?: RunOptions): Promise<InferOutput<Output, Types>> {
    return executeRun(this, input, options);
  }

  /** Like `execute`, with events and partial answers on the way. */
  stream(input: BareInput<Input, Types>, options?: RunOptions): RunStream<InferOutput<Output, Types>> {
    return streamRun(this, input, options);
  }

  /** Runs the pattern. Called by the door. */
  async perform(input: InferInput<Input, Types>, context: ExecutionContext): Promise<InferOutput<Output, Types>> {
    const checking = checkValues(this.name, this.input, input, "input");
    if (checking !== undefined) await checking;
    const { runnable, input: needs } = this.#step;
    const written: FieldValues = {};
    showOutput(context, () => [{ fields: this.output.fields }])?.hear(context, 0);
    writeFields(this.#step, await context.call(runnable, pickFields(needs.fields, input as FieldValues)), written);
    const output = pickFields(this.output.fields, written);
    const settling = this.checkOutput(output);
    return (settling instanceof Promise ? await settling : settling) as InferOutput<Output, Types>;
  }

  /** Checks what stands in for its output, as it checks what its pattern wrote. */
  checkOutput(value: unknown): unknown {
    const settling = checkValues(this.name, this.#settled, value, "output");
    return settling === undefined ? value : settling.then(() => value);
  }

  /** Disposes its providers, each bounded to a second. Agents inside keep theirs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await disposeProviders(this.providers);
  }
}

const orchestrationOptions = {
  name: nameString,
  input: nonEmptyString,
  output: nonEmptyString,
  pattern: objectOption,
  types: objectOption,
  providers: listOption,
  description: nonEmptyString,
  cache: cacheOption,
  timeoutMs: positiveNumber,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

function requireOptions(options: object): void {
  for (const [option, expected] of requiredOptions) {
    const value = (options as Readonly<Record<string, unknown>>)[option];
    if (value === undefined) throw optionError("OrchestrationAgent", option, expected, value);
  }
}

const requiredOptions: readonly (readonly [string, string])[] = [
  ["name", "a name"],
  ["input", 'a signature such as "topic: str"'],
  ["output", 'a signature such as "answer: str"'],
  ["pattern", "a pattern"],
];

/** The runtime twin of {@link Fits}. */
function connect(name: string, { runnable, input, output }: Step, given: Signature, promised: Signature): void {
  const before = new FieldSupply(name);
  before.begin(given);
  before.require(runnable.name, input, "input", `the input of "${name}" does not give`);
  const after = new FieldSupply(name);
  after.write(output);
  after.require(`output of ${name}`, promised, "output", `"${runnable.name}" does not write`);
}
