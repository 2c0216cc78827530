import { describe, expect, it } from "vitest";
import { Flock, isFlockError, tool } from "../../src/entries/index.ts";
import { createTestRuntime, scriptedModel } from "../../src/entries/testing.ts";
import { AgentTemplate } from "../../src/templates/agent-template.ts";
import { AnalysisAgentTemplate } from "../../src/templates/analysis-agent-template.ts";
import { ResearchAgentTemplate } from "../../src/templates/research-agent-template.ts";
import { caught } from "../patterns/caught.ts";

const fields = { input: "text: str", output: "answer: str" } as const;
const translator = new AgentTemplate({
  name: "translator",
  description: "Translates.",
  parameters: "language: str, formal?: bool",
  checkParameters: ({ language }) => (language === "Klingon" ? "Klingon is not taught here" : undefined),
  instructions: ({ language, formal }) => `Translate into ${language}${formal ? ", formally" : ""}.`,
  settings: { temperature: 0, seed: 7 },
  maxSteps: 3,
});

/** The system message and settings an agent made by a template sends. */
async function requestOf(agent: { execute(input: never, options: { flock: Flock }): Promise<unknown> }) {
  const runtime = createTestRuntime();
  const model = scriptedModel([{ json: { answer: "a" } }], { runtime });
  await agent.execute({ text: "t" } as never, { flock: new Flock({ model, runtime }) });
  const request = model.requests[0]!;
  const system = request.prompt.find((message) => message.role === "system");
  return { ...request, system: String(system?.content) };
}

const echo = (name: string, description = "Echoes.") =>
  tool({ name, description, input: "x: str", output: "x: str", execute: (input) => input });

describe("an agent made by a template", () => {
  it("works by the template's instructions for its parameters, then by its own", async () => {
    const agent = translator.createAgent({
      name: "to_danish",
      ...fields,
      parameters: { language: "Danish", formal: true },
      instructions: "Keep names.",
    });
    const { system } = await requestOf(agent);
    expect(system).toContain("Translate into Danish, formally.\n\nKeep names.");
    expect(agent.name).toBe("to_danish");
    expect(agent.description).toBe("Translates.");
  });

  it("takes the template's settings, its own winning one by one", async () => {
    const parameters = { language: "Danish" };
    const agent = translator.createAgent({
      name: "a",
      ...fields,
      parameters,
      settings: { temperature: 1, topP: 0.5, seed: undefined },
      description: "Mine.",
    });
    expect(await requestOf(agent)).toMatchObject({ temperature: 1, topP: 0.5, seed: 7 });
    expect(agent.description).toBe("Mine.");
    expect(
      await requestOf(translator.createAgent({ name: "b", ...fields, parameters, settings: undefined })),
    ).toMatchObject({
      temperature: 0,
      seed: 7,
    });
  });

  it("has the tools and providers of both, its own tool in the place of the template's of that name", () => {
    const watcher = { name: "w" };
    const template = new AgentTemplate({
      name: "t",
      instructions: "Work.",
      tools: [echo("one"), echo("two")],
      providers: [watcher],
    });
    const own = echo("two", "Echoes better.");
    const agent = template.createAgent({ name: "a", ...fields, tools: [own], providers: [{ name: "v" }] });
    expect(agent.tools.map((one) => one.description)).toEqual(["Echoes.", "Echoes better."]);
    expect(agent.providers.map((one) => one.name)).toEqual(["w", "v"]);
    const plain = template.createAgent({ name: "b", ...fields });
    expect([plain.tools.length, plain.providers.length]).toEqual([2, 1]);
  });

  it("has the template's limits unless it gives its own", () => {
    const template = new AgentTemplate({ name: "t", instructions: "Work.", timeoutMs: 10 });
    expect(template.createAgent({ name: "a", ...fields }).policy).toEqual({ timeoutMs: 10 });
    expect(template.createAgent({ name: "a", ...fields, timeoutMs: 20 }).policy).toEqual({ timeoutMs: 20 });
    expect(template.createAgent({ name: "a", ...fields, cache: true }).policy).toEqual({ timeoutMs: 10, cache: true });
  });

  it("has only its own instructions when the template's come out empty", async () => {
    const quiet = new AgentTemplate({ name: "t", instructions: () => " " });
    const { system } = await requestOf(quiet.createAgent({ name: "a", ...fields, instructions: "Mine alone." }));
    expect(system).toContain("Mine alone.");
    expect(quiet.createAgent({ name: "a", ...fields }).name).toBe("a");
  });
});

describe("a template and wrong options", () => {
  const create = (options: unknown, template: { createAgent(options: never): unknown } = translator): unknown =>
    caught(() => template.createAgent(options as never));

  it("names the parameter that is wrong, missing, unknown or refused", () => {
    for (const [parameters, option, message] of [
      [undefined, "parameters/language", "template translator: wrong parameters: "],
      [{ language: 1 }, "parameters/language", "template translator: wrong parameters: "],
      [{ language: "Danish", formel: true }, "parameters/formel", "formal"],
      [{ language: "Klingon" }, "parameters", "template translator: wrong parameters: Klingon is not taught here"],
    ] as const) {
      const error = create({ name: "a", ...fields, parameters });
      expect(isFlockError(error, "option_invalid") && error.details.option, JSON.stringify(parameters)).toBe(option);
      expect((error as Error).message).toContain(message);
    }
    const none = new AgentTemplate({ name: "t", instructions: "Work." });
    const error = create({ name: "a", ...fields, parameters: {} }, none);
    expect(isFlockError(error, "option_invalid") && error.details.option).toBe("parameters");
  });

  it("leaves the agent's own options to the agent, whatever they are", () => {
    const good = { name: "a", ...fields, parameters: { language: "Danish" } };
    for (const wrong of [
      { tools: 3 },
      { tools: [null] },
      { providers: "p" },
      { settings: "hot" },
      { settings: { temprature: 1 } },
      { instructions: 3 },
      { instruction: "x" },
      { name: "" },
      { maxSteps: 0 },
    ]) {
      expect(isFlockError(create({ ...good, ...wrong }), "option_invalid"), JSON.stringify(wrong)).toBe(true);
    }
    expect(isFlockError(create({ ...good, output: "x: strr" }), "signature_invalid")).toBe(true);
    for (const wrong of [undefined, null, 3, []]) expect(isFlockError(create(wrong), "option_invalid")).toBe(true);
  });

  it("refuses to be made of wrong options itself", () => {
    for (const wrong of [
      undefined,
      { instructions: "x" },
      { name: "t" },
      { name: "two words", instructions: "x" },
      { name: "t", instructions: " " },
      { name: "t", instructions: 3 },
      { name: "t", instructions: "x", instruction: "y" },
      { name: "t", instructions: "x", tools: {} },
      { name: "t", instructions: "x", checkParameters: "no" },
    ]) {
      expect(
        isFlockError(
          caught(() => new AgentTemplate(wrong as never)),
          "option_invalid",
        ),
        JSON.stringify(wrong),
      ).toBe(true);
    }
    const bad = caught(() => new AgentTemplate({ name: "t", instructions: "x", parameters: "a: strr" as never }));
    expect(isFlockError(bad, "signature_invalid")).toBe(true);
    const silent = new AgentTemplate({ name: "t", instructions: (() => undefined) as never });
    expect(isFlockError(create({ name: "a", ...fields }, silent), "option_invalid")).toBe(true);
  });
});

describe("the research template", () => {
  it("tells its agents to search first, quote, name the place, and admit finding nothing", async () => {
    const { system } = await requestOf(ResearchAgentTemplate.createAgent({ name: "r", ...fields }));
    for (const words of [
      "Search before you answer",
      "Quote the deciding words",
      "heading",
      "nothing was found",
      "material",
    ]) {
      expect(system).toContain(words);
    }
    expect(system).not.toMatch(/at most|undefined|Give most weight/);
  });

  it("works its parameters into the instructions", async () => {
    const parameters = { audience: "nurses", focus: "side effects", maxFindings: 1 };
    const { system } = await requestOf(ResearchAgentTemplate.createAgent({ name: "r", ...fields, parameters }));
    expect(system).toContain("Report at most 1 finding, the best supported first.");
    expect(system).toContain("Give most weight to this: side effects.");
    expect(system).toContain("The findings are for nurses");
    const many = ResearchAgentTemplate.createAgent({ name: "r", ...fields, parameters: { maxFindings: 4 } });
    expect((await requestOf(many)).system).toContain("at most 4 findings");
    const none = caught(() =>
      ResearchAgentTemplate.createAgent({ name: "r", ...fields, parameters: { maxFindings: 0 } }),
    );
    expect(isFlockError(none, "option_invalid")).toBe(true);
  });
});

describe("the analysis template", () => {
  it("tells its agents to use the given material alone, weigh it, cite it and state confidence", async () => {
    const { system } = await requestOf(AnalysisAgentTemplate.createAgent({ name: "a", ...fields }));
    for (const words of [
      "in the input alone",
      "Weigh the material",
      "name the finding or source",
      "confidence",
      "First settle",
    ]) {
      expect(system).toContain(words);
    }
    expect(system).not.toMatch(/criteria|undefined/);
  });

  it("works its parameters into the instructions", async () => {
    const parameters = { audience: "engineers", question: "Is it worth it?", criteria: ["cost", "risk"] };
    const { system } = await requestOf(AnalysisAgentTemplate.createAgent({ name: "a", ...fields, parameters }));
    expect(system).toContain("Answer this question: Is it worth it?");
    expect(system).toContain("Weigh by each of these criteria in turn: cost; risk.");
    expect(system).toContain("The analysis is for engineers");
    const empty = caught(() =>
      AnalysisAgentTemplate.createAgent({ name: "a", ...fields, parameters: { criteria: [" "] } }),
    );
    expect(isFlockError(empty, "option_invalid")).toBe(true);
    const noCriteria = AnalysisAgentTemplate.createAgent({ name: "a", ...fields, parameters: { criteria: [] } });
    expect((await requestOf(noCriteria)).system).not.toContain("criteria");
  });
});
