/** Finds templates by name, so that a program can choose the kind of an agent from its settings. */

import type { DeclarativeAgent } from "../agent/declarative-agent.ts";
import { FlockError } from "../core/errors/errors.ts";
import { nearestName } from "../core/errors/nearest-name.ts";
import { optionError } from "../core/errors/options.ts";
import { AgentTemplate, type TemplateAgentOptions } from "./agent-template.ts";

/** Any template, whatever its parameters. */
export interface AnyAgentTemplate {
  readonly name: string;
  readonly description: string | undefined;
  /** Type-only: the signature of its parameters. */
  readonly "~parameters": string;
  createAgent(options: never): DeclarativeAgent<string, string, string, unknown>;
}

/** A template's name as an argument: itself when it is registered or not known to the compiler, else a sentence. */
export type TemplateName<Name extends string, Templates> = string extends Name
  ? Name
  : Name extends keyof Templates
    ? Name
    : `no template is registered as '${Name}'`;

type TemplateOf<Name extends string, Templates> = Name extends keyof Templates ? Templates[Name] : AnyAgentTemplate;

type ParametersOf<Name extends string, Templates> = Name extends keyof Templates
  ? Templates[Name] extends { readonly "~parameters": infer Parameters extends string }
    ? Parameters
    : never
  : string;

/**
 * An immutable set of templates. `register` gives a new, wider registry and leaves the old one as it is, so the compiler
 * knows which names there are.
 *
 * @example
 * ```ts
 * import { AnalysisAgentTemplate, ResearchAgentTemplate, TemplateRegistry } from "flock-ts/templates";
 *
 * const templates = new TemplateRegistry().register(ResearchAgentTemplate).register(AnalysisAgentTemplate);
 * const analyzer = templates.create("analysis", { name: "analyzer", input: "notes: str", output: "summary: str" });
 * console.log(templates.names, analyzer.name);
 * ```
 */
export class TemplateRegistry<Templates = {}> {
  declare readonly "~templates": Templates;
  #templates: ReadonlyMap<string, AnyAgentTemplate> = new Map();

  /** All names, in the order they were registered. */
  get names(): readonly string[] {
    return [...this.#templates.keys()];
  }

  /** Tells whether a name is registered. */
  has(name: string): boolean {
    return this.#templates.has(name);
  }

  /**
   * Gives a registry that also has this template, under its own name.
   *
   * @throws name_invalid when the name is taken, option_invalid when it is no AgentTemplate.
   */
  register<const Template extends AnyAgentTemplate>(
    template: Template,
  ): TemplateRegistry<Templates & { readonly [Name in Template["name"]]: Template }> {
    if (!(template instanceof AgentTemplate)) {
      throw optionError("TemplateRegistry", "template", "an AgentTemplate", template);
    }
    const { name } = template;
    if (this.#templates.has(name)) {
      const message = `a template named "${name}" is already registered; give one of them another name`;
      throw new FlockError("name_invalid", message, { details: { name, registry: "templates" } });
    }
    const wider = new TemplateRegistry<Templates & { readonly [Name in Template["name"]]: Template }>();
    wider.#templates = new Map([...this.#templates, [name, template]]);
    return wider;
  }

  /**
   * Gives the template of a name.
   *
   * @throws name_invalid with the nearest name when there is none.
   */
  get<const Name extends string>(name: TemplateName<Name, Templates>): TemplateOf<Name, Templates> {
    const found = this.#templates.get(name);
    if (found !== undefined) return found as TemplateOf<Name, Templates>;
    const near = typeof name === "string" ? nearestName(name, this.#templates.keys()) : undefined;
    const hint = near === undefined ? `; there is ${this.names.join(", ") || "none"}` : `; did you mean "${near}"?`;
    throw new FlockError("name_invalid", `there is no template "${String(name)}"${hint}`, {
      details: { name: String(name), registry: "templates", ...(near === undefined ? {} : { suggestion: near }) },
    });
  }

  /**
   * Makes an agent by the template of a name.
   *
   * @throws name_invalid when there is none; see {@link AgentTemplate.createAgent}.
   */
  create<
    const Name extends string,
    const AgentName extends string,
    const Input extends string,
    const Output extends string,
    Types = {},
  >(
    name: TemplateName<Name, Templates>,
    options: TemplateAgentOptions<AgentName, Input, Output, Types, ParametersOf<Name, Templates>>,
  ): DeclarativeAgent<AgentName, Input, Output, Types> {
    const template = this.get(name) as unknown as AgentTemplate<string, ParametersOf<Name, Templates>>;
    return template.createAgent(options);
  }
}
