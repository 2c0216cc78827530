import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { DeclarativeAgent, TypeRegistry } from "../../src/entries/index.ts";
import { AgentTemplate } from "../../src/templates/agent-template.ts";
import { AnalysisAgentTemplate } from "../../src/templates/analysis-agent-template.ts";
import { ResearchAgentTemplate } from "../../src/templates/research-agent-template.ts";
import { TemplateRegistry } from "../../src/templates/template-registry.ts";

const types = new TypeRegistry().register("Data", z.object({ rows: z.array(z.number()) }));

describe("an agent made by a template", () => {
  it("is typed by its own strings, as one made without", () => {
    const agent = ResearchAgentTemplate.createAgent({ name: "r", types, input: "topic: str", output: "data: Data" });
    const plain = new DeclarativeAgent({ name: "r", types, input: "topic: str", output: "data: Data" });
    expectTypeOf(agent).toEqualTypeOf(plain);
    expectTypeOf(agent.execute("t")).resolves.toEqualTypeOf<{ data: { rows: number[] } }>();
    // @ts-expect-error: there is no type Dat
    ResearchAgentTemplate.createAgent({ name: "r", types, input: "topic: str", output: "data: Dat" });
    // @ts-expect-error: it needs a name
    ResearchAgentTemplate.createAgent({ input: "topic: str", output: "x: str" });
  });

  it("takes the template's parameters, by their types", () => {
    const fields = { name: "a", input: "topic: str", output: "x: str" } as const;
    AnalysisAgentTemplate.createAgent({ ...fields, parameters: { criteria: ["cost"] } });
    // @ts-expect-error: criteria is a list
    AnalysisAgentTemplate.createAgent({ ...fields, parameters: { criteria: "cost" } });
    // @ts-expect-error: there is no such parameter
    ResearchAgentTemplate.createAgent({ ...fields, parameters: { maxFinding: 3 } });
    const strict = new AgentTemplate({
      name: "t",
      parameters: "language: str",
      instructions: ({ language }) => language,
    });
    strict.createAgent({ ...fields, parameters: { language: "Danish" } });
    // @ts-expect-error: language is required
    strict.createAgent(fields);
    const none = new AgentTemplate({ name: "t", instructions: "Work." });
    none.createAgent(fields);
    // @ts-expect-error: it takes no parameters
    none.createAgent({ ...fields, parameters: { language: "Danish" } });
    // @ts-expect-error: there is no parameter tone
    new AgentTemplate({ name: "t", parameters: "language: str", instructions: ({ tone }) => tone });
  });
});

describe("a template registry", () => {
  const registry = new TemplateRegistry().register(ResearchAgentTemplate).register(AnalysisAgentTemplate);

  it("knows its templates and what each takes", () => {
    expectTypeOf(registry.get("research")).toEqualTypeOf(ResearchAgentTemplate);
    const agent = registry.create("analysis", {
      name: "a",
      types,
      input: "data: Data",
      output: "x: int",
      parameters: { criteria: ["cost"] },
    });
    expectTypeOf(agent["~in"]).toEqualTypeOf<{ data: { rows: number[] } }>();
    expectTypeOf(agent["~out"]).toEqualTypeOf<{ x: number }>();
    expectTypeOf(agent.name).toEqualTypeOf<"a">();
    // @ts-expect-error: the analysis template has no maxFindings
    registry.create("analysis", { name: "a", input: "t: str", output: "x: int", parameters: { maxFindings: 3 } });
  });

  it("says which name is not registered, unless it cannot see the name", () => {
    // @ts-expect-error: no template is registered as 'reserch'
    registry.get("reserch");
    // @ts-expect-error: no template is registered as 'writer'
    registry.create("writer", { name: "a", input: "t: str", output: "x: int" });
    const name: string = "research";
    const agent = registry.create(name, { name: "a", input: "t: str", output: "x: int" });
    expectTypeOf(agent["~out"]).toEqualTypeOf<{ x: number }>();
    expectTypeOf(registry.get(name).description).toEqualTypeOf<string | undefined>();
  });
});
