/** A function a model may call: declared with the same signatures as an agent, checked on the way in and out. */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type CacheChoice, cacheOption } from "../core/cache-settings.ts";
import { FlockError, isFlockError, type ValueIssue } from "../core/errors/errors.ts";
import {
  anyOption,
  booleanOption,
  checkOptions,
  functionOption,
  nameString,
  nonEmptyString,
  type OptionCheck,
  optionError,
  positiveNumber,
} from "../core/errors/options.ts";
import type { Provider } from "../core/events/provider.ts";
import { copyJson } from "../core/json/copy-json.ts";
import type { Json, JsonObject } from "../core/json/json.ts";
import type { Policy } from "../core/policy.ts";
import { placeRecovery, type RecoveryChoice, recoveryOption } from "../core/recovery-settings.ts";
import {
  checkNeeds,
  needsOption,
  type ResourceNeeds,
  type ResourceSettings,
  resourcesOption,
} from "../core/resource-settings.ts";
import type { ExecutionContext, Runnable } from "../core/runnable.ts";
import { deepFreeze } from "../signature/check/deep-freeze.ts";
import type { CheckedShape, CheckResult } from "../signature/field.ts";
import type { InferInput, InferOutput, SignatureText } from "../signature/infer-signature.ts";
import { parseSignature } from "../signature/parse-signature.ts";
import { isStandardSchema, shapeFromSchema } from "../signature/standard-schema-shape.ts";
import type { TypeRegistry } from "../signature/type-registry.ts";

/** Whether a person or rule must agree before the tool acts: always, never, or as the input asks for it. */
export type ToolApproval<Input> = boolean | ((input: Input) => boolean | Promise<boolean>);

interface ToolHead<Input> {
  /** What the model calls it by. */
  readonly name: string;
  /** Tells the model what it does and when to use it. */
  readonly description: string;
  /** Calling it twice does no more than calling it once, so that layers may repeat it. @default false */
  readonly idempotent?: boolean;
  /**
   * Keep its answers: with the defaults, these settings, or in this `CacheManager`. A tool that asks for approval is never
   * cached. @default as the Flock says when it is idempotent, else not
   */
  readonly cache?: CacheChoice;
  /** Ask `Flock.approve` before it acts; without anyone to ask it is refused. @default false */
  readonly approval?: ToolApproval<Input>;
  /** Most milliseconds one call may take. @default no limit */
  readonly timeoutMs?: number;
  /** What its calls may use: limits of its own, or a `ResourceManager` shared with others. @default no limit */
  readonly resources?: ResourceSettings;
  /** What to do about its failures; `false` for nothing. @default retries when it is idempotent */
  readonly recovery?: RecoveryChoice;
  /** What each call takes of `custom` resources, its own ones or the Flock's, while it runs: `{ gpu: 1 }`. @default nothing */
  readonly needs?: ResourceNeeds;
}

/** A tool declared by signatures. */
export interface ToolOptions<In extends string, Out extends string, Types> extends ToolHead<InferOutput<In, Types>> {
  readonly input: SignatureText<In, Types>;
  /** What it gives; checked when declared. @default any JSON object */
  readonly output?: SignatureText<Out, Types>;
  readonly types?: TypeRegistry<Types>;
  readonly execute: (
    input: InferOutput<In, Types>,
    context: ExecutionContext,
  ) => InferOutput<Out, Types> | Promise<InferOutput<Out, Types>>;
}

/** A tool whose input is a Standard Schema of an object. */
export interface SchemaToolOptions<In, Value, Result> extends ToolHead<Value> {
  readonly input: StandardSchemaV1<In, Value>;
  readonly execute: (input: Value, context: ExecutionContext) => Result | Promise<Result>;
}

const inputOption: OptionCheck = (value) =>
  typeof value === "string" || isStandardSchema(value) ? undefined : "a signature string or a Standard Schema";
const approvalOption: OptionCheck = (value) =>
  typeof value === "boolean" || typeof value === "function" ? undefined : "true, false or a function of the input";

const optionChecks = {
  name: nameString,
  description: nonEmptyString,
  input: inputOption,
  output: inputOption,
  types: anyOption,
  execute: functionOption,
  idempotent: booleanOption,
  cache: cacheOption,
  approval: approvalOption,
  timeoutMs: positiveNumber,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

/**
 * A tool: a runnable of kind "tool". Made by {@link tool}. Its input is checked and bent to its types before `execute`
 * sees it, since models write numbers as text; its output is checked when it was declared.
 */
export class Tool<In = never, Out = unknown> implements Runnable<In, Out> {
  declare readonly "~in": In;
  declare readonly "~out": Out;
  readonly kind = "tool";
  readonly name: string;
  readonly description: string;
  readonly input: CheckedShape;
  readonly output?: CheckedShape;
  readonly policy: Policy;
  readonly providers: readonly Provider[];
  readonly identity: Json;
  readonly #execute: (input: never, context: ExecutionContext) => unknown;
  readonly #approval: ToolApproval<never>;

  constructor(options: ToolDeclaration) {
    const owner = `tool ${typeof options?.name === "string" ? options.name : "(unnamed)"}`;
    checkOptions(owner, options, optionChecks);
    for (const required of ["name", "description", "input", "execute"] as const) {
      if (options[required] === undefined) throw optionError(owner, required, "given", undefined);
    }
    this.name = options.name;
    this.description = options.description;
    this.input = shapeOf(options.input, options.types, `input of ${owner}`);
    if (options.output !== undefined) this.output = shapeOf(options.output, options.types, `output of ${owner}`);
    const { timeoutMs, idempotent, resources, needs, recovery } = options;
    checkNeeds(owner, needs, resources);
    this.policy = { timeoutMs, idempotent, resources, needs, recovery, cache: toolCache(owner, options) };
    this.identity = { tool: this.name, description: this.description, input: this.input.toJsonSchema("input") };
    this.#execute = options.execute;
    this.#approval = options.approval ?? false;
    this.providers = placeRecovery(recovery, { owner: this });
  }

  async perform(input: In, context: ExecutionContext): Promise<Out> {
    // Only what really waits is awaited: most tools check and approve at once.
    const checking = this.input.check(input, { coerce: true, side: "input" });
    const checked = checking instanceof Promise ? await checking : checking;
    if (!checked.ok) throw this.#invalid("input_invalid", checked.issues);
    if (this.#approval !== false) await this.#approve(checked.value, context);
    let result: unknown;
    try {
      result = await this.#execute(checked.value as never, context);
    } catch (error) {
      throw this.#failed(error, context);
    }
    return this.checkOutput(result) as Out;
  }

  /** Checks what stands in for its output; a promise where a registered schema checks asynchronously. */
  checkOutput(value: unknown): unknown {
    if (this.output === undefined) return value;
    const given = this.output.check(value, { side: "output" });
    return given instanceof Promise ? given.then((late) => this.#given(late)) : this.#given(given);
  }

  #given(given: CheckResult): unknown {
    if (!given.ok) throw this.#invalid("output_invalid", given.issues);
    return given.value;
  }

  async #approve(input: Record<string, unknown>, context: ExecutionContext): Promise<void> {
    const approval = this.#approval;
    const needed = typeof approval === "function" ? await approval(input as never) : approval;
    if (!needed) return;
    const request = {
      tool: this.name,
      input: deepFreeze(copyJson(input)) as Json,
      runId: context.runId,
      path: context.path,
    };
    if (await context.approve(request)) return;
    const message = `tool "${this.name}" needs approval and did not get it; give Flock an approve function that says yes`;
    throw new FlockError("tool_not_approved", message, { details: { tool: this.name } });
  }

  #failed(error: unknown, context: ExecutionContext): unknown {
    if (isFlockError(error) || context.signal.aborted) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new FlockError("tool_failed", `tool "${this.name}" failed: ${why}`, {
      details: { tool: this.name },
      cause: error,
    });
  }

  #invalid(code: "input_invalid" | "output_invalid", issues: readonly ValueIssue[]): FlockError {
    const what = code === "input_invalid" ? "was called with a wrong input" : "gave a wrong output";
    const message = `tool "${this.name}" ${what}: ${issues.map((issue) => issue.message).join("; ")}`;
    return new FlockError(code, message, { details: { pointer: issues[0]?.pointer ?? "", issues } });
  }
}

/** Any tool, whatever it takes and gives. */
// biome-ignore lint/suspicious/noExplicitAny: a variance bound; inputs are contravariant
export type AnyTool = Tool<any, unknown>;

/** What a tool is made of, without its types. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly input: string | StandardSchemaV1;
  readonly output?: string | StandardSchemaV1;
  readonly types?: unknown;
  readonly execute: (input: never, context: ExecutionContext) => unknown;
  readonly idempotent?: boolean;
  readonly cache?: CacheChoice;
  readonly approval?: ToolApproval<never>;
  readonly timeoutMs?: number;
  readonly resources?: ResourceSettings;
  /** What to do about its failures; `false` for nothing. @default retries when it is idempotent */
  readonly recovery?: RecoveryChoice;
  readonly needs?: ResourceNeeds;
}

/**
 * Declares a tool by signature strings, or its input by any Standard Schema.
 *
 * @example
 * ```ts
 * import { tool } from "flock-ts";
 *
 * const add = tool({
 *   name: "add",
 *   description: "Adds two numbers.",
 *   input: "a: float, b: float",
 *   output: "sum: float",
 *   execute: ({ a, b }) => ({ sum: a + b }),
 * });
 * ```
 * @throws option_invalid for an unknown or wrong option, signature_invalid for a wrong signature.
 */
export function tool<const In extends string, const Out extends string, Types = {}>(
  options: ToolOptions<In, Out, Types> & { readonly output: SignatureText<Out, Types> },
): Tool<InferInput<In, Types>, InferOutput<Out, Types>>;
export function tool<const In extends string, Types = {}>(
  options: Omit<ToolOptions<In, string, Types>, "output" | "execute"> & {
    readonly execute: (input: InferOutput<In, Types>, context: ExecutionContext) => object | Promise<object>;
  },
): Tool<InferInput<In, Types>, JsonObject>;
export function tool<In, Value, Result>(options: SchemaToolOptions<In, Value, Result>): Tool<In, Result>;
export function tool(options: ToolDeclaration): AnyTool {
  return new Tool(options);
}

function shapeOf(source: string | StandardSchemaV1, types: unknown, name: string): CheckedShape {
  if (typeof source !== "string") return shapeFromSchema(source, { name });
  return parseSignature(source, { name, ...(types === undefined ? {} : { types: types as TypeRegistry }) });
}

/** An answer that was kept would be given without asking for approval. */
function toolCache(owner: string, { cache, approval = false }: ToolDeclaration): CacheChoice | undefined {
  if (approval === false) return cache;
  if (cache === undefined || cache === false) return false;
  throw optionError(owner, "cache", "false where approval is asked for", cache);
}
