import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import { AgentTemplate } from "../../src/templates/agent-template.ts";
import { AnalysisAgentTemplate } from "../../src/templates/analysis-agent-template.ts";
import { ResearchAgentTemplate } from "../../src/templates/research-agent-template.ts";
import { TemplateRegistry } from "../../src/templates/template-registry.ts";
import { caught } from "../patterns/caught.ts";

const registry = new TemplateRegistry().register(ResearchAgentTemplate).register(AnalysisAgentTemplate);

describe("a template registry", () => {
  it("finds templates by name, in the order they were registered", () => {
    expect(registry.names).toEqual(["research", "analysis"]);
    expect(registry.get("research")).toBe(ResearchAgentTemplate);
    expect([registry.has("analysis"), registry.has("toString")]).toEqual([true, false]);
  });

  it("makes agents by a template's name", () => {
    const agent = registry.create("analysis", {
      name: "a",
      input: "notes: str",
      output: "summary: str",
      parameters: { criteria: ["cost"] },
    });
    expect([agent.name, agent.output.source]).toEqual(["a", "summary: str"]);
  });

  it("is never changed: register gives a wider one", () => {
    const wider = registry.register(new AgentTemplate({ name: "writer", instructions: "Write." }));
    expect(wider.names).toEqual(["research", "analysis", "writer"]);
    expect(registry.names).toEqual(["research", "analysis"]);
  });

  it("names the nearest template when there is none of a name", () => {
    const error = caught(() => registry.get("reserch" as string));
    expect(isFlockError(error, "name_invalid") && [error.message, error.details]).toEqual([
      'there is no template "reserch"; did you mean "research"?',
      { name: "reserch", registry: "templates", suggestion: "research" },
    ]);
    const far = caught(() => registry.create("poetry" as string, { name: "a", input: "a: str", output: "b: str" }));
    expect((far as Error).message).toBe('there is no template "poetry"; there is research, analysis');
    expect((caught(() => new TemplateRegistry().get("x" as string)) as Error).message).toContain("there is none");
    expect(
      isFlockError(
        caught(() => registry.get(undefined as never)),
        "name_invalid",
      ),
    ).toBe(true);
  });

  it("refuses a name that is taken, and what is no template", () => {
    const taken = caught(() => registry.register(new AgentTemplate({ name: "research", instructions: "x" })));
    expect(isFlockError(taken, "name_invalid") && taken.details.name).toBe("research");
    for (const wrong of [undefined, null, {}, "research", { name: "x", createAgent() {} }]) {
      expect(
        isFlockError(
          caught(() => registry.register(wrong as never)),
          "option_invalid",
        ),
      ).toBe(true);
    }
  });
});
