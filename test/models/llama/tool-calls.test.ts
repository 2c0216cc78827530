import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { answerForm, callText, readCall } from "../../../src/models/llama/tool-calls.ts";
import { acceptsText } from "./read-grammar.ts";

const find: LanguageModelV4FunctionTool = {
  type: "function",
  name: "find",
  description: "Finds things",
  inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
};
const odd: LanguageModelV4FunctionTool = { type: "function", name: 'odd"', inputSchema: { allOf: [] } };
const schema = { type: "object" as const, properties: { answer: { type: "boolean" as const } }, required: ["answer"] };
const form = (options: Partial<LanguageModelV4CallOptions>) => answerForm({ prompt: [], ...options });
const json = { type: "json" as const, schema };

const answer = '{"answer":true}';
const findCall = callText("find", { query: "x" });
const oddCall = callText('odd"', { any: [1] });
const allowed = (options: Partial<LanguageModelV4CallOptions>) => {
  const { grammar } = form(options);
  return grammar === undefined ? "anything" : [answer, findCall, oddCall].map((text) => acceptsText(grammar, text));
};

describe("what a model may write", () => {
  it("is an answer, a call, or either, as the request says", () => {
    const tools = [find, odd];
    expect(allowed({})).toBe("anything");
    expect(allowed({ tools })).toBe("anything");
    expect(allowed({ responseFormat: { type: "text" } })).toBe("anything");
    expect(allowed({ responseFormat: json })).toEqual([true, false, false]);
    expect(allowed({ responseFormat: { type: "json" } })).toEqual([true, false, false]);
    expect(allowed({ responseFormat: json, tools })).toEqual([true, true, true]);
    expect(allowed({ responseFormat: json, tools, toolChoice: { type: "auto" } })).toEqual([true, true, true]);
    expect(allowed({ responseFormat: json, tools, toolChoice: { type: "none" } })).toEqual([true, false, false]);
    expect(allowed({ responseFormat: json, tools, toolChoice: { type: "required" } })).toEqual([false, true, true]);
    expect(allowed({ tools, toolChoice: { type: "required" } })).toEqual([false, true, true]);
    expect(allowed({ tools, toolChoice: { type: "tool", toolName: "find" } })).toEqual([false, true, false]);
    expect(allowed({ toolChoice: { type: "required" } })).toBe("anything");
  });

  it("is told with its tools, also while it is held to its answer", () => {
    const told = form({ tools: [find] }).instruction;
    expect(told).toContain('{"name":"find","description":"Finds things","parameters":{');
    expect(told).toContain("You may call one tool");
    expect(form({ tools: [find], toolChoice: { type: "required" } }).instruction).toContain("You must call one tool");
    expect(form({ tools: [find], toolChoice: { type: "none" } }).instruction).toBe("");
    const held = form({ tools: [find], toolChoice: { type: "none" }, responseFormat: json });
    expect(held.instruction).toBe(told);
    expect(held.tools).toEqual([]);
    expect(form({}).instruction).toBe("");
  });

  it("warns of schemas without a grammar and of tools that vendors run", () => {
    const { warnings, grammar } = form({
      responseFormat: { type: "json", schema: { if: {} } },
      tools: [find, { type: "provider", id: "x.search", name: "search", args: {} }],
    });
    expect(grammar).toBeUndefined();
    expect(warnings).toEqual([
      { type: "unsupported", feature: "provider tool x.search" },
      { type: "unsupported", feature: "responseFormat", details: "the schema cannot be written as a grammar" },
    ]);
  });
});

describe("a call", () => {
  it("may have white space where models were taught to put it, and none elsewhere", () => {
    const { grammar } = form({ tools: [find], toolChoice: { type: "required" } });
    const taught = '<tool_call>\n{"name": "find", "arguments": {"query": "x"}}\n</tool_call>';
    expect(acceptsText(grammar!, taught)).toBe(true);
    expect(readCall(taught, [find])).toEqual({ tool: "find", input: '{"query":"x"}' });
    expect(acceptsText(grammar!, ` ${taught}`)).toBe(false);
    expect(acceptsText(grammar!, taught.replace("find", "fond"))).toBe(false);
  });
});

describe("reading a call", () => {
  it("gives the tool and its input as JSON text", () => {
    expect(readCall(findCall, [find])).toEqual({ tool: "find", input: '{"query":"x"}' });
    expect(readCall(oddCall, [find, odd])).toEqual({ tool: 'odd"', input: '{"any":[1]}' });
    expect(readCall('<tool_call>\n{"name": "find"}\n', [find])).toEqual({ tool: "find", input: "{}" });
  });

  it.each([
    '{"answer":true}',
    findCall.slice(0, -14),
    "<tool_call>find</tool_call>",
    "<tool_call>{]}",
    "<tool_call>[{}]",
    callText("other", {}),
    callText("__proto__", {}),
  ])("finds none in %j", (text) => {
    expect(readCall(text, [find])).toBeUndefined();
  });
});
