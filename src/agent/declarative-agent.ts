/** The agent a user declares: what it takes, what it gives, and what it may use. */

import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { executeRun, streamRun } from "../core/door/run.ts";
import type { RunOptions } from "../core/door/run-options.ts";
import type { RunStream } from "../core/door/run-stream.ts";
import { FlockError, type ValueIssue } from "../core/errors/errors.ts";
import {
  anyOption,
  checkOptions,
  nameString,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  optionError,
  positiveNumber,
  wholeNumber,
} from "../core/errors/options.ts";
import { type Provider, providersOption } from "../core/events/provider.ts";
import { disposeProviders } from "../core/events/provider-listener.ts";
import { copyJson } from "../core/json/copy-json.ts";
import type { Json } from "../core/json/json.ts";
import { type Policy, policyOfParts } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import {
  checkNeeds,
  needsOption,
  type ResourceNeeds,
  type ResourceSettings,
  resourcesOption,
} from "../core/resource-settings.ts";
import type { ExecutionContext, Runnable } from "../core/runnable.ts";
import type { AnyLanguageModel } from "../models/adapt-model.ts";
import type { ModelRunnable } from "../models/model.ts";
import { modelOf } from "../models/resolve-model.ts";
import type { CheckResult } from "../signature/field.ts";
import type { BareInput, InferInput, InferOutput, SignatureText } from "../signature/infer-signature.ts";
import { parseSignature } from "../signature/parse-signature.ts";
import type { Signature } from "../signature/signature.ts";
import type { TypeRegistry } from "../signature/type-registry.ts";
import { checkSettings, type ModelSettings } from "./model-settings.ts";
import type { Predict } from "./predict.ts";
import type { PredictOptions } from "./talk.ts";
import { type AnyTool, Tool } from "./tool.ts";

/** How models are asked; imported with the first call of an agent, since a program's start only declares agents. */
let asking: typeof import("./predict.ts") | undefined;

/** How an agent is declared. */
export interface DeclarativeAgentOptions<Name extends string, Input extends string, Output extends string, Types = {}> {
  /** A letter or `_`, then letters, digits, `_`, `-` and dots. */
  readonly name: Name;
  /** What it takes, such as `"topic: str | what to look into"`. */
  readonly input: SignatureText<Input, Types>;
  /** What it gives, such as `"summary: str, keywords: list[str]"`. */
  readonly output: SignatureText<Output, Types>;
  /** The names its signatures may use beside the built-in types. @default none */
  readonly types?: TypeRegistry<Types> | undefined;
  /** A language model, or a string such as `openai/gpt-5-mini` or `offline`. @default the Flock's */
  readonly model?: string | AnyLanguageModel | ModelRunnable | undefined;
  /** What the model may call. @default none */
  readonly tools?: readonly AnyTool[] | undefined;
  /** Listeners that watch this agent wherever it runs. @default none */
  readonly providers?: readonly Provider[] | undefined;
  /** One sentence on what it is for; part of its prompt. @default none */
  readonly description?: string | undefined;
  /** How it should work; part of its prompt. @default none */
  readonly instructions?: string | undefined;
  /** Settings of the model. @default the model's own */
  readonly settings?: ModelSettings | undefined;
  /** Most answers it asks the model for, tool turns included, asking again not. @default 8 */
  readonly maxSteps?: number | undefined;
  /** How often a wrong answer is sent back with what is wrong with it. @default 1 */
  readonly askAgain?: number | undefined;
  /** Keep its answers: with the defaults, these settings, or in this `CacheManager`. @default false */
  readonly cache?: CacheChoice | undefined;
  /** Most milliseconds one call of it may take, everything included. @default no limit */
  readonly timeoutMs?: number | undefined;
  /** What its calls may use: limits of its own, or a `ResourceManager` shared with others. @default no limit */
  readonly resources?: ResourceSettings | undefined;
  /** What to do about its failures and those of models below it, in the order asked; `false` for nothing. @default what models do by themselves */
  readonly recovery?: RecoveryChoice | undefined;
  /** What each call takes of `custom` resources, its own ones or the Flock's, while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds | undefined;
}

/** What may differ between an agent and one made {@link DeclarativeAgent.with | from it}. */
export type AgentChanges = Partial<
  Omit<DeclarativeAgentOptions<string, string, string, unknown>, "name" | "input" | "output" | "types">
>;

const modelOption: OptionCheck = (value) =>
  (typeof value === "string" && value.trim() !== "") || (typeof value === "object" && value !== null)
    ? undefined
    : "a model string or a language model";
const toolsOption: OptionCheck = (value) =>
  Array.isArray(value) && value.every((item) => item instanceof Tool) ? undefined : "a list of tools made by tool(…)";

const optionChecks = {
  name: nameString,
  input: nonEmptyString,
  output: nonEmptyString,
  types: anyOption,
  model: modelOption,
  tools: toolsOption,
  providers: providersOption,
  description: nonEmptyString,
  instructions: nonEmptyString,
  settings: objectOption,
  maxSteps: wholeNumber(1),
  askAgain: wholeNumber(0),
  cache: cacheOption,
  timeoutMs: positiveNumber,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

/**
 * An agent declared by two signatures. Its result is typed from the strings alone, and is always a valid object of that
 * type or a rejection with one typed error.
 *
 * @example
 * ```ts
 * import { DeclarativeAgent } from "flock-ts";
 *
 * const agent = new DeclarativeAgent({ name: "summarizer", input: "text: str", output: "summary: str, keywords: list[str]" });
 * const { summary, keywords } = await agent.execute("Bees dance to tell each other where flowers are.");
 * console.log(summary, keywords);
 * ```
 * @throws option_invalid for an unknown or wrong option, signature_invalid for a signature that cannot be read.
 */
export class DeclarativeAgent<
  const Name extends string = string,
  const Input extends string = string,
  const Output extends string = string,
  Types = {},
> implements Runnable<InferInput<Input, Types>, InferOutput<Output, Types>>, AsyncDisposable
{
  declare readonly "~in": InferInput<Input, Types>;
  declare readonly "~out": InferOutput<Output, Types>;
  readonly kind = "agent";
  readonly name: Name;
  readonly description: string | undefined;
  readonly instructions: string | undefined;
  readonly input: Signature;
  readonly output: Signature;
  readonly policy: Policy;
  readonly identity: Json;
  readonly providers: readonly Provider[];
  readonly tools: readonly AnyTool[];
  /** What it names as its model, if it does. */
  readonly model: string | AnyLanguageModel | ModelRunnable | undefined;
  readonly #declared: DeclarativeAgentOptions<Name, Input, Output, Types>;
  readonly #options: PredictOptions;
  #predict: Predict | undefined = undefined;

  constructor(options: DeclarativeAgentOptions<Name, Input, Output, Types>) {
    const given = options as DeclarativeAgentOptions<string, string, string, unknown>;
    const owner = `agent ${typeof given?.name === "string" ? given.name : "(unnamed)"}`;
    checkOptions(owner, given, optionChecks);
    for (const required of ["name", "input", "output"] as const) {
      if (given[required] === undefined) throw optionError(owner, required, "given", undefined);
    }
    this.name = options.name;
    this.description = given.description;
    this.instructions = given.instructions;
    const types = given.types === undefined ? {} : { types: given.types as TypeRegistry };
    this.input = parseSignature(given.input, { name: `input of ${owner}`, ...types });
    this.output = parseSignature(given.output, { name: `output of ${owner}`, ...types });
    // A type that no model can be told about is an error now, not in the first run.
    this.output.toJsonSchema("output");
    this.tools = uniqueTools(owner, given.tools ?? []);
    const { timeoutMs, cache, resources, needs, recovery, model } = given;
    this.providers = [...(given.providers ?? []), ...placeRecovery(recovery, { owner: this, model })];
    checkNeeds(owner, needs, resources);
    this.policy = { timeoutMs, cache, resources, needs, recovery, ...policyOfParts(this.tools) };
    this.model = model;
    this.#declared = options;
    const settings = checkSettings(owner, given.settings);
    this.#options = {
      name: this.name,
      description: given.description,
      instructions: given.instructions,
      input: this.input,
      output: this.output,
      tools: this.tools,
      settings,
      maxSteps: given.maxSteps ?? 8,
      askAgain: given.askAgain ?? 1,
    };
    this.identity = {
      agent: this.name,
      model: typeof model === "object" ? (modelOf(model).identity ?? null) : (model ?? null),
      description: given.description ?? null,
      instructions: given.instructions ?? null,
      input: this.input.source,
      output: this.output.source,
      outputSchema: this.output.toJsonSchema("output"),
      tools: this.tools.map((one) => one.identity),
      settings: settings as Json,
    };
  }

  /**
   * Runs the agent as a run of its own. A bare value is taken where the input has one plain field.
   *
   * Rejects with input_invalid, output_invalid, timeout, model and tool codes, or the signal's own reason.
   */
  execute(input: BareInput<Input, Types>, options?: RunOptions): Promise<InferOutput<Output, Types>> {
    return executeRun(this, input, options);
  }

  /** Like {@link DeclarativeAgent.execute}, with events and partial answers on the way; the model is asked to stream. */
  stream(input: BareInput<Input, Types>, options?: RunOptions): RunStream<InferOutput<Output, Types>> {
    return streamRun(this, input, options);
  }

  /** Called by the door. Start it with `execute`, nest it with `context.call`. */
  perform(input: InferInput<Input, Types>, context: ExecutionContext): Promise<InferOutput<Output, Types>> {
    // No async frame here: one would be held by every run in flight.
    const checked = this.input.check(input, { side: "input" });
    if (checked instanceof Promise) return checked.then((result) => this.#answer(result, context));
    return this.#answer(checked, context);
  }

  #answer(checked: CheckResult, context: ExecutionContext): Promise<InferOutput<Output, Types>> {
    if (!checked.ok) throw valueError("input_invalid", this.name, checked.issues);
    if (asking === undefined) return this.#answerLate(checked.value, context);
    const model = context.resolveModel(this.model, this.name) as ModelRunnable;
    this.#predict ??= new asking.Predict(this.#options);
    return this.#predict.answer(checked.value, model, context) as Promise<InferOutput<Output, Types>>;
  }

  async #answerLate(value: Record<string, unknown>, context: ExecutionContext): Promise<InferOutput<Output, Types>> {
    // Its caller may change the input meanwhile.
    const checked: CheckResult = { ok: true, value: copyJson(value) };
    asking = await import("./predict.ts");
    return this.#answer(checked, context);
  }

  /** Checks what stands in for its answer, such as the value of a handler. */
  checkOutput(value: unknown): unknown {
    const checked = this.output.check(value);
    return checked instanceof Promise ? checked.then((late) => this.#given(late)) : this.#given(checked);
  }

  #given(checked: CheckResult): unknown {
    if (!checked.ok) throw valueError("output_invalid", this.name, checked.issues);
    return checked.value;
  }

  /**
   * Makes the same agent with other settings: another agent of the same name and fields.
   *
   * @throws option_invalid for an unknown or wrong option.
   */
  with(changes: AgentChanges): DeclarativeAgent<Name, Input, Output, Types> {
    return new DeclarativeAgent({ ...this.#declared, ...changes });
  }

  /** Drains and disposes its providers, each bounded to a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    await disposeProviders(this.providers);
  }
}

function uniqueTools(owner: string, tools: readonly AnyTool[]): readonly AnyTool[] {
  const names = new Set<string>();
  for (const { name } of tools) {
    if (names.has(name))
      throw optionError(owner, "tools", `a list of tools with different names (two are called "${name}")`, tools);
    names.add(name);
  }
  return [...tools];
}

function valueError(code: "input_invalid" | "output_invalid", name: string, issues: readonly ValueIssue[]): FlockError {
  const what = code === "input_invalid" ? "was given a wrong input" : "cannot give this output";
  const message = `${name} ${what}: ${issues.map((issue) => issue.message).join("; ")}`;
  return new FlockError(code, message, { details: { pointer: issues[0]?.pointer ?? "", issues } });
}
