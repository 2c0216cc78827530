/** Runs agents one after another; fields flow from each to all that follow, by name. */

import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { executeRun, type InputOf, type OutputOf, type RunInput, streamRun } from "../core/door/run.ts";
import type { RunOptions } from "../core/door/run-options.ts";
import type { RunStream } from "../core/door/run-stream.ts";
import {
  checkOptions,
  listOption,
  nameString,
  nonEmptyString,
  objectOption,
  positiveNumber,
} from "../core/errors/options.ts";
import type { Provider } from "../core/events/provider.ts";
import type { Json } from "../core/json/json.ts";
import type { Policy } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import { needsOption, type ResourceNeeds, type ResourceSettings, resourcesOption } from "../core/resource-settings.ts";
import type { AnyRunnable, ExecutionContext, Runnable } from "../core/runnable.ts";
import type { CheckedShape } from "../signature/field.ts";
import type { BareInput, InferInput, SignatureText } from "../signature/infer-signature.ts";
import { parseSignature } from "../signature/parse-signature.ts";
import type { TypeRegistry } from "../signature/type-registry.ts";
import { checkValues } from "./checked-values.ts";
import type { Called, Flat, Gathered, SharedInput, Unfed, Written } from "./field-flow.ts";
import { FieldSupply } from "./field-supply.ts";
import { writtenShape } from "./pattern-shape.ts";
import { showOutput } from "./show-output.ts";
import {
  type FieldValues,
  identityOf,
  pickFields,
  policyOf,
  readInput,
  readSteps,
  type SidedShape,
  type Step,
  writeFields,
} from "./step.ts";

/** What a sequence begins with: its declared input, else what its first agent takes. */
export type SequenceInput<Agents extends readonly AnyRunnable[], Input extends string, Types> = [Input] extends [never]
  ? FirstInput<Agents>
  : InferInput<Input, Types>;

type FirstInput<Agents extends readonly AnyRunnable[]> = Agents extends readonly [
  infer First extends AnyRunnable,
  ...unknown[],
]
  ? InputOf<First>
  : Flat<SharedInput<Agents[0]>>;

/** The same, or a bare value where it is one plain field. */
type SequenceArgument<Agents extends readonly AnyRunnable[], Input extends string, Types> = [Input] extends [never]
  ? RunInput<Runnable<FirstInput<Agents>>>
  : BareInput<Input, Types>;

/** What a sequence gives: all fields its agents write, the later writer winning. */
export type SequenceOutput<Agents extends readonly AnyRunnable[], Out = {}> = Agents extends readonly [
  infer First extends AnyRunnable,
  ...infer Rest extends readonly AnyRunnable[],
]
  ? SequenceOutput<Rest, Written<Out, OutputOf<First>>>
  : number extends Agents["length"]
    ? keyof Out extends never
      ? OutputOf<Agents[number]>
      : Gathered<Written<Out, Partial<OutputOf<Agents[number]>>>>
    : Gathered<Out>;

/**
 * The agents themselves when every one can be fed, else the list with a sentence in the place of each that cannot.
 * Where the length is not known to the compiler, the list as it is: building the pattern checks it.
 */
export type Connect<
  Agents extends readonly AnyRunnable[],
  Have,
  Done extends readonly unknown[] = [],
> = Agents extends readonly [infer First extends AnyRunnable, ...infer Rest extends readonly AnyRunnable[]]
  ? Connect<Rest, Written<Have, OutputOf<First>>, [...Done, Fed<First, Have>]>
  : number extends Agents["length"]
    ? [...Done, ...Agents]
    : Done extends readonly []
      ? "a sequence needs at least one agent"
      : Done;

type Fed<Agent extends AnyRunnable, Have> = [Have] extends [InputOf<Agent>]
  ? Agent
  : Unfed<InputOf<Agent>, Have, "neither the pattern's input nor an earlier agent gives"> extends infer Problem extends
        string
    ? [Problem] extends [never]
      ? Agent
      : `${Called<Agent>} ${Problem}`
    : never;

/** How a sequence is made. */
export interface SequentialPatternOptions<
  Agents extends readonly AnyRunnable[],
  Input extends string,
  Types,
  Name extends string,
> {
  /** Run in this order; at least one. The same one may stand at several places. */
  readonly agents: Connect<Agents, SequenceInput<Agents, Input, Types>> extends Agents
    ? Agents
    : Connect<NoInfer<Agents>, SequenceInput<Agents, Input, Types>>;
  /** What the pattern takes, when that is more than its first agent needs. @default the first agent's input */
  readonly input?: SignatureText<Input, Types> | undefined;
  /** The names `input` may use. */
  readonly types?: TypeRegistry<Types> | undefined;
  /** Its step in paths and events. @default "sequence" */
  readonly name?: Name | undefined;
  /** Keep its answers: with the defaults, these settings, or in this `CacheManager`. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Most milliseconds the whole sequence may take. @default no limit of its own */
  readonly timeoutMs?: number | undefined;
  /** What its calls may use: limits of its own, or a `ResourceManager` shared with others. @default no limit */
  readonly resources?: ResourceSettings | undefined;
  /** What to do about its failures and those of models below it, in the order asked; `false` for nothing. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
  /** What each call takes of `custom` resources, its own ones or the Flock's, while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
}

/**
 * A runnable that calls its agents in order. Each gets exactly the fields it declares: the latest written of that name,
 * else the pattern's input. The value is every field written. Nothing runs after the first failure.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent } from "flock-ts";
 * import { SequentialPattern } from "flock-ts/patterns";
 *
 * const reader = new DeclarativeAgent({ name: "reader", input: "text: str", output: "key_points: list[str]" });
 * const writer = new DeclarativeAgent({ name: "writer", input: "key_points: list[str]", output: "summary: str" });
 * const pattern = new SequentialPattern({ agents: [reader, writer] });
 * const { key_points, summary } = await pattern.execute({ text: "Bees dance to tell each other where flowers are." });
 * console.log(key_points.length, summary);
 * ```
 */
export class SequentialPattern<
  const Agents extends readonly AnyRunnable[],
  const Input extends string = never,
  Types = {},
  const Name extends string = "sequence",
> implements Runnable<SequenceInput<Agents, Input, Types>, SequenceOutput<Agents>>
{
  readonly name: Name;
  readonly kind = "pattern";
  readonly input: SidedShape;
  readonly output: SidedShape;
  readonly identity?: Json;
  readonly policy: Policy;
  readonly providers: readonly Provider[];
  declare readonly "~in": SequenceInput<Agents, Input, Types>;
  declare readonly "~out": SequenceOutput<Agents>;
  readonly #steps: readonly Step[];
  readonly #declared: CheckedShape | undefined;

  /**
   * @throws option_invalid for wrong options, signature_invalid for a bad `input`, pattern_invalid when an agent needs a
   * field that nothing gives it.
   */
  constructor(options: SequentialPatternOptions<Agents, Input, Types, Name>) {
    checkOptions("SequentialPattern", options, sequentialOptions);
    const { input, types } = options;
    this.name = options.name ?? ("sequence" as Name);
    this.#steps = readSteps(this.name, options.agents);
    this.#declared = input === undefined ? undefined : parseSignature(input, { types });
    this.input = this.#declared ?? this.#steps[0]!.input;
    this.output = writtenShape(this.#steps.map((step) => step.output));
    connect(this.name, this.input, this.#steps);
    const identity = identityOf("sequence", this.#steps, { input: this.input.fields.map((field) => field.name) });
    if (identity !== undefined) this.identity = identity;
    this.policy = policyOf(this.name, options, this.#steps);
    this.providers = placeRecovery(options.recovery, { owner: this });
  }

  /** Runs the pattern as a run of its own. Never throws synchronously. */
  execute(input: SequenceArgument<Agents, Input, Types>, options?: RunOptions): Promise<SequenceOutput<Agents>> {
    return executeRun(this, input, options);
  }

  /** Like `execute`, with events and partial answers on the way. */
  stream(input: SequenceArgument<Agents, Input, Types>, options?: RunOptions): RunStream<SequenceOutput<Agents>> {
    return streamRun(this, input, options);
  }

  /** Runs the agents. Called by the door. */
  async perform(
    input: SequenceInput<Agents, Input, Types>,
    context: ExecutionContext,
  ): Promise<SequenceOutput<Agents>> {
    const checking = this.#declared && checkValues(this.name, this.#declared, input, "input");
    if (checking !== undefined) await checking;
    const given = pickFields(this.input.fields, readInput(this.name, input));
    const written: FieldValues = {};
    const shown = showOutput(context, () => this.#steps.map(({ output }) => ({ fields: output.fields })));
    for (const [index, step] of this.#steps.entries()) {
      shown?.hear(context, index);
      const output = await context.call(step.runnable, pickFields(step.input.fields, written, given));
      writeFields(step, output, written);
      shown?.wrote(index, output);
    }
    return written as SequenceOutput<Agents>;
  }

  /** Checks what stands in for its output: an object with every field that is promised. */
  checkOutput(value: unknown): unknown {
    const written: FieldValues = {};
    writeFields({ runnable: this, input: this.input, output: this.output }, value, written);
    return written;
  }
}

const sequentialOptions = {
  agents: listOption,
  input: nonEmptyString,
  types: objectOption,
  name: nameString,
  cache: cacheOption,
  timeoutMs: positiveNumber,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

/** The runtime twin of {@link Connect}. */
function connect(pattern: string, input: SidedShape, steps: readonly Step[]): void {
  const supply = new FieldSupply(pattern);
  supply.begin(input);
  for (const { runnable, input: needs, output } of steps) {
    supply.require(runnable.name, needs, "input", "neither the pattern's input nor an earlier agent gives");
    supply.write(output);
  }
}
