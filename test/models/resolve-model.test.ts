import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createModel } from "../../src/models/model.ts";
import { isInstalled } from "../../src/models/model-package.ts";
import { chooseModel, resolveModel, resolveModelName } from "../../src/models/resolve-model.ts";
import { createPromptAdapter } from "../../src/prompt/prompt-adapter.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { scriptedModel } from "../../src/testing/scripted-model.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";
import { callContext, callModel } from "./call-context.ts";

const coded = (code: string, details: object = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe("resolveModelName", () => {
  it("gives one runnable for one string and runtime, without loading anything yet", () => {
    const runtime = createTestRuntime({ variables: { OPENAI_API_KEY: "k" } });
    const model = resolveModelName("openai/gpt-5-mini", { runtime });
    expect(model).toMatchObject({ kind: "model", name: "openai/gpt-5-mini" });
    expect(model.identity).toEqual({ provider: "openai", modelId: "gpt-5-mini" });
    expect(resolveModelName("openai/gpt-5-mini", { runtime })).toBe(model);
    const other = createTestRuntime({ variables: { OPENAI_API_KEY: "k" } });
    expect(resolveModelName("openai/gpt-5-mini", { runtime: other })).not.toBe(model);
  });

  it("keeps slashes and colons of a model's id", () => {
    const runtime = createTestRuntime();
    expect(resolveModelName("ollama/library/llama3.2:1b", { runtime }).model.modelId).toBe("library/llama3.2:1b");
  });

  it.each([
    ["opnai/gpt-5", "openai/gpt-5"],
    ["openai:gpt-5", "openai/gpt-5"],
    ["gpt-5-mini", "openai/gpt-5-mini"],
    ["claude-sonnet", "anthropic/claude-sonnet"],
    ["gemini-3-pro", "google/gemini-3-pro"],
    ["llama3.2", "ollama/llama3.2"],
    ["offlin", "offline"],
    ["offline/other", "offline/extractive"],
    ["llama:./model.gguf", undefined],
    ["openai", undefined],
    ["openai/ ", undefined],
    ["", undefined],
    ["x".repeat(5_000), undefined],
  ])("refuses %j with the nearest name", (name, suggestion) => {
    const runtime = createTestRuntime({ variables: { OPENAI_API_KEY: "k" } });
    try {
      resolveModelName(name, { runtime });
    } catch (error) {
      expect(error).toMatchObject({ code: "model_unknown" });
      expect((error as { details: { suggestion?: string } }).details.suggestion).toBe(suggestion);
      expect((error as Error).message.length).toBeLessThan(400);
      return;
    }
    throw new Error("expected model_unknown");
  });

  it.each([
    ["openai/gpt-5", "OPENAI_API_KEY"],
    ["anthropic/claude", "ANTHROPIC_API_KEY"],
    ["google/gemini", "GOOGLE_GENERATIVE_AI_API_KEY"],
    ["openai-compatible/x", "OPENAI_COMPATIBLE_BASE_URL"],
  ])("names the variable that %s needs", (name, variable) => {
    expect(() => resolveModelName(name, { runtime: createTestRuntime() })).toThrowError(
      coded("model_key_missing", { model: name, variable }),
    );
  });

  it("takes a key that was set after the first refusal", () => {
    const variables: Record<string, string> = {};
    const runtime = { ...createTestRuntime(), variable: (name: string) => variables[name] };
    expect(() => resolveModelName("google/gemini", { runtime })).toThrowError(coded("model_key_missing"));
    variables.GOOGLE_GENERATIVE_AI_API_KEY = "k";
    expect(resolveModelName("google/gemini", { runtime }).name).toBe("google/gemini");
  });

  it("loads the offline engine at the first call", async () => {
    const model = resolveModelName("offline", { runtime: createTestRuntime() });
    expect(model.name).toBe("offline/extractive");
    const text = "Bees dance to tell each other where the flowers are. Each bee visits many flowers every day.";
    const adapter = createPromptAdapter({
      agent: { name: "reader" },
      input: parseSignature("text: str"),
      output: parseSignature("summary: str"),
      offline: true,
    });
    const request = { prompt: adapter.messages({ text }), ...adapter.callOptions({ text }) };
    for (let turn = 0; turn < 2; turn++) {
      const answer = await callModel(model, request, callContext().context);
      expect(answer.content[0]?.type).toBe("text");
      expect(model.costOf(answer)?.costMicroUsd).toBe(0);
    }
    const { context, deltas } = callContext({ deltas: true });
    await callModel(model, request, context);
    expect(deltas.length).toBeGreaterThan(0);
  });
});

describe("a vendor's package that is not installed", () => {
  it("is told apart from one that is", () => {
    expect(isInstalled("@ai-sdk/openai")).toBe(true);
    expect(isInstalled("@ai-sdk/never-published")).toBe(false);
  });

  it("is named with the command that installs it, when resolving or, in a bundle, when calling", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flock-models-"));
    try {
      for (const part of ["core", "models", "signature"]) {
        await cp(join(import.meta.dirname, "../../src", part), join(folder, "src", part), { recursive: true });
      }
      const program = `
        import { resolveModelName } from "./src/models/resolve-model.ts";
        import { systemRuntime } from "./src/core/runtime/system-runtime.ts";
        const context = { signal: new AbortController().signal, wants: () => false, runtime: systemRuntime };
        try {
          const model = resolveModelName("ollama/x", { runtime: systemRuntime });
          process.stdout.write("resolved ");
          await model.perform({ prompt: [] }, context);
        } catch (error) {
          console.log(error.code, JSON.stringify(error.details));
        }`;
      await writeFile(join(folder, "program.ts"), program);
      await writeFile(join(folder, "package.json"), '{ "type": "module" }');
      const details = {
        model: "ollama/x",
        package: "@ai-sdk/openai-compatible",
        install: "npm install @ai-sdk/openai-compatible",
      };
      const run = async () => (await promisify(execFile)(process.execPath, ["program.ts"], { cwd: folder })).stdout;
      expect(await run()).toBe(`resolved model_package_missing ${JSON.stringify(details)}\n`);
      const provider = join(folder, "node_modules/@ai-sdk/provider");
      await mkdir(provider, { recursive: true });
      await writeFile(join(provider, "package.json"), '{ "name": "@ai-sdk/provider", "exports": "./index.js" }');
      expect(await run()).toBe(`model_package_missing ${JSON.stringify(details)}\n`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("resolveModel", () => {
  const runtime = createTestRuntime();

  it("takes strings, language models and model runnables", () => {
    const model = scriptedModel(["x"]);
    expect(resolveModel(model, { runtime })).toBe(createModel(model));
    expect(resolveModel(createModel(model), { runtime })).toBe(createModel(model));
    expect(resolveModel("offline", { runtime }).name).toBe("offline/extractive");
  });

  it.each([3, null, {}, { kind: "agent", name: "a", perform: async () => ({}) }])("refuses %j", (value) => {
    expect(() => resolveModel(value, { runtime })).toThrowError(coded("option_invalid"));
  });
});

describe("chooseModel", () => {
  const own = scriptedModel(["x"], { modelId: "own" });
  const shared = scriptedModel(["x"], { modelId: "shared" });

  it("prefers the agent's model, then the Flock's, then FLOCK_MODEL", () => {
    const runtime = createTestRuntime({ variables: { FLOCK_MODEL: "ollama/env" } });
    const choose = (agentModel?: unknown, flockModel?: unknown) =>
      chooseModel({ agentModel, flockModel, runtime, agent: "a" }).name;
    expect(choose(own, shared)).toBe("scripted/own");
    expect(choose(undefined, shared)).toBe("scripted/shared");
    expect(choose()).toBe("ollama/env");
    expect(runtime.warnings).toEqual([]);
  });

  it("falls back to the offline engine with one warning for each runtime", () => {
    const runtime = createTestRuntime();
    for (const agent of ["a", "b"]) expect(chooseModel({ runtime, agent }).name).toBe("offline/extractive");
    expect(runtime.warnings).toHaveLength(1);
    expect(runtime.warnings[0]?.message).toContain("FLOCK_MODEL");
  });

  it("wants the offline engine named in production", () => {
    const runtime = createTestRuntime({ variables: { NODE_ENV: "production" } });
    expect(() => chooseModel({ runtime, agent: "summarizer" })).toThrowError(
      coded("model_not_configured", { agent: "summarizer" }),
    );
    expect(chooseModel({ flockModel: "offline", runtime, agent: "a" }).name).toBe("offline/extractive");
    expect(runtime.warnings).toEqual([]);
  });
});
