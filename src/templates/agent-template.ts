/** Makes agents of one kind: instructions and defaults written once, names and signatures given each time. */

import { DeclarativeAgent, type DeclarativeAgentOptions } from "../agent/declarative-agent.ts";
import type { ModelSettings } from "../agent/model-settings.ts";
import type { AnyTool } from "../agent/tool.ts";
import { cacheOption } from "../core/cache-settings.ts";
import { FlockError, type ValueIssue } from "../core/errors/errors.ts";
import {
  anyOption,
  checkOptions,
  functionOption,
  listOption,
  nameString,
  nonEmptyString,
  type OptionCheck,
  objectOption,
  optionError,
  positiveNumber,
  wholeNumber,
} from "../core/errors/options.ts";
import type { Provider } from "../core/events/provider.ts";
import { recoveryOption } from "../core/recovery-settings.ts";
import { needsOption, resourcesOption } from "../core/resource-settings.ts";
import type { CheckResult } from "../signature/field.ts";
import type { InferInput, InferOutput, SignatureText } from "../signature/infer-signature.ts";
import { parseSignature } from "../signature/parse-signature.ts";
import type { Signature } from "../signature/signature.ts";

/** What a template fixes for its agents when they say nothing of their own. */
type AgentDefaults = Pick<
  DeclarativeAgentOptions<string, string, string>,
  | "model"
  | "tools"
  | "providers"
  | "settings"
  | "maxSteps"
  | "askAgain"
  | "timeoutMs"
  | "cache"
  | "resources"
  | "recovery"
  | "needs"
>;

/** The values a template's instructions are written for. */
export type ParameterValues<Parameters extends string> = [Parameters] extends [never] ? {} : InferOutput<Parameters>;

/** How a template is made. The defaults are those of a DeclarativeAgent where the template says nothing. */
export interface AgentTemplateOptions<Name extends string, Parameters extends string> extends AgentDefaults {
  /** What a registry knows it by. */
  readonly name: Name;
  /** One sentence on what its agents are for; their own description unless they give one. */
  readonly description?: string | undefined;
  /** How its agents work: a text, or a function that writes it for the parameters given. */
  readonly instructions: string | ((parameters: ParameterValues<Parameters>) => string);
  /** What `createAgent` may be told beside an agent's options, as a signature such as `"audience?: str"`. @default nothing */
  readonly parameters?: SignatureText<Parameters> | undefined;
  /** Gives what is wrong with parameters of the right types, or undefined. */
  readonly checkParameters?: ((parameters: ParameterValues<Parameters>) => string | undefined) | undefined;
}

/** The parameters as an option: required when the template requires one of them. */
export type ParametersOption<Parameters extends string> = [Parameters] extends [never]
  ? { readonly parameters?: undefined }
  : Partial<InferInput<Parameters>> extends InferInput<Parameters>
    ? { readonly parameters?: InferInput<Parameters> | undefined }
    : { readonly parameters: InferInput<Parameters> };

/** An agent's own options, and the template's parameters. */
export type TemplateAgentOptions<
  Name extends string,
  Input extends string,
  Output extends string,
  Types,
  Parameters extends string,
> = DeclarativeAgentOptions<Name, Input, Output, Types> & ParametersOption<Parameters>;

/**
 * A named way to make agents. An agent's own options win over the template's: instructions come after the template's,
 * settings and tools are merged by name, providers of both watch.
 *
 * @example
 * ```ts
 * import { AgentTemplate } from "flock-ts/templates";
 *
 * const translator = new AgentTemplate({
 *   name: "translator",
 *   parameters: "language: str",
 *   instructions: ({ language }) => `Translate into ${language}. Keep names and numbers as they are.`,
 *   settings: { temperature: 0 },
 * });
 * const agent = translator.createAgent({
 *   name: "into_danish",
 *   input: "text: str",
 *   output: "translation: str",
 *   parameters: { language: "Danish" },
 * });
 * console.log(agent.name);
 * ```
 */
export class AgentTemplate<const Name extends string = string, const Parameters extends string = never> {
  /** Type-only: the signature of its parameters. */
  declare readonly "~parameters": Parameters;
  readonly name: Name;
  readonly description: string | undefined;
  readonly #defaults: AgentDefaults;
  readonly #parameters: Signature | undefined;
  readonly #instructions: (parameters: ParameterValues<Parameters>) => string;
  readonly #check: ((parameters: ParameterValues<Parameters>) => string | undefined) | undefined;

  /** @throws option_invalid for wrong options, signature_invalid for bad `parameters`. */
  constructor(options: AgentTemplateOptions<Name, Parameters>) {
    checkOptions("AgentTemplate", options, templateOptions);
    const { name, description, instructions, parameters, checkParameters, ...defaults } = options;
    if (name === undefined) throw optionError("AgentTemplate", "name", "a name", name);
    if (instructions === undefined)
      throw optionError("AgentTemplate", "instructions", "a text or a function", undefined);
    this.name = name;
    this.description = description;
    this.#defaults = defaults;
    this.#instructions = typeof instructions === "string" ? () => instructions : instructions;
    this.#parameters =
      parameters === undefined ? undefined : parseSignature(parameters, { name: `parameters of template ${name}` });
    this.#check = checkParameters;
  }

  /**
   * Makes an agent.
   *
   * @throws option_invalid for wrong parameters or options, signature_invalid for a bad signature.
   */
  createAgent<const AgentName extends string, const Input extends string, const Output extends string, Types = {}>(
    options: TemplateAgentOptions<AgentName, Input, Output, Types, Parameters>,
  ): DeclarativeAgent<AgentName, Input, Output, Types> {
    const owner = `template ${this.name}`;
    if (objectOption(options) !== undefined) throw optionError(owner, "options", "an object", options);
    const { parameters, ...own } = definedOf(options);
    const instructions = this.#instructions(this.#readParameters(owner, parameters));
    if (typeof instructions !== "string")
      throw optionError(owner, "instructions", "a function that gives a text", instructions);
    const { tools, providers, settings } = this.#defaults;
    return new DeclarativeAgent<AgentName, Input, Output, Types>({
      description: this.description,
      ...this.#defaults,
      ...own,
      instructions: joined(instructions, own.instructions),
      tools: mergedTools(tools, own.tools),
      providers: mergedProviders(providers, own.providers),
      settings: mergedSettings(settings, own.settings),
    });
  }
  #readParameters(owner: string, given: unknown): ParameterValues<Parameters> {
    if (this.#parameters === undefined) {
      if (given === undefined) return {} as ParameterValues<Parameters>;
      throw optionError(owner, "parameters", "left out, since this template takes none", given);
    }
    // Only registered schemas check asynchronously, and a template's parameters know no registered names.
    const result = this.#parameters.check(given ?? {}) as CheckResult;
    if (!result.ok) throw parameterError(owner, result.issues);
    const values = result.value as ParameterValues<Parameters>;
    const reason = this.#check?.(values);
    if (reason !== undefined) throw parameterError(owner, [{ pointer: "", message: reason }]);
    return values;
  }
}

const templateOptions = {
  name: nameString,
  description: nonEmptyString,
  instructions: ((value) =>
    typeof value === "function"
      ? undefined
      : nonEmptyString(value) && "a text or a function that writes it") as OptionCheck,
  parameters: nonEmptyString,
  checkParameters: functionOption,
  model: anyOption,
  tools: listOption,
  providers: listOption,
  settings: objectOption,
  maxSteps: wholeNumber(1),
  askAgain: wholeNumber(0),
  timeoutMs: positiveNumber,
  cache: cacheOption,
  resources: resourcesOption,
  recovery: recoveryOption,
  needs: needsOption,
};

function parameterError(owner: string, issues: readonly ValueIssue[]): FlockError<"option_invalid"> {
  const [first] = issues;
  const message = `${owner}: wrong parameters: ${issues.map((issue) => issue.message).join("; ")}`;
  return new FlockError("option_invalid", message, {
    details: {
      option: `parameters${first?.pointer ?? ""}`,
      expected: first?.expected ?? "what the template's parameters say",
      received: first?.received ?? "another value",
    },
  });
}

/** An option given as undefined counts as not given, so that the template's own stays. */
function definedOf<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** Texts one after the other; what is no text is left for the agent to refuse. */
function joined(template: string, own: string | undefined): string | undefined {
  if (own !== undefined && typeof own !== "string") return own;
  const texts = [template, own ?? ""].filter((text) => text.trim() !== "");
  return texts.length === 0 ? undefined : texts.join("\n\n");
}

/** The agent's own tool takes the place of the template's of the same name. */
function mergedTools(template: readonly AnyTool[] = [], own: readonly AnyTool[] = []): readonly AnyTool[] {
  if (!Array.isArray(own)) return own;
  const names = new Set(own.map((tool: AnyTool | undefined) => tool?.name));
  return [...template.filter((tool) => !names.has(tool.name)), ...own];
}

function mergedProviders(template: readonly Provider[] = [], own: readonly Provider[] = []): readonly Provider[] {
  return Array.isArray(own) ? [...template, ...own] : own;
}

function mergedSettings(template: ModelSettings = {}, own: ModelSettings = {}): ModelSettings {
  return objectOption(own) === undefined ? { ...template, ...definedOf(own) } : own;
}
