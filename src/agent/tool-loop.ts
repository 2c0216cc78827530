/** Runs the tools a model asked for, all at once, and turns whatever happens into results the model can read. */

import type { LanguageModelV4ToolCall } from "@ai-sdk/provider";
import { FlockError, isFlockError } from "../core/errors/errors.ts";
import { nearestName } from "../core/errors/nearest-name.ts";
import { canonicalText } from "../core/json/canonical-key.ts";
import type { Json } from "../core/json/json.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import { defaultMaxDepth, notJson, parseJson } from "../prompt/read/plain-json.ts";
import type { ToolOutcome } from "../prompt/tool-turn.ts";
import type { AnyTool } from "./tool.ts";

/** More calls in one answer are refused, so that a runaway model cannot flood a tool. */
export const mostCallsPerTurn = 64;

/**
 * Runs the calls of one answer in parallel and gives one outcome for each, in their order. An unknown tool, a wrong input, a
 * refusal or a failing tool becomes an outcome the model can act on; only the end of the run itself is thrown.
 */
export function runToolCalls(
  calls: readonly LanguageModelV4ToolCall[],
  tools: ReadonlyMap<string, AnyTool>,
  context: ExecutionContext,
): Promise<ToolOutcome[]> {
  return Promise.all(calls.map((call, index) => runToolCall(call, index, tools, context)));
}

async function runToolCall(
  call: LanguageModelV4ToolCall,
  index: number,
  tools: ReadonlyMap<string, AnyTool>,
  context: ExecutionContext,
): Promise<ToolOutcome> {
  const { toolCallId, toolName } = call;
  const tool = tools.get(toolName);
  if (tool === undefined) return { toolCallId, toolName, error: unknownTool(toolName, tools, context).message };
  if (index >= mostCallsPerTurn) {
    return {
      toolCallId,
      toolName,
      error: `not run: at most ${mostCallsPerTurn} calls are run at once; ask again for fewer`,
    };
  }
  try {
    const plain = call.input.trim() === "" ? {} : parseJson(call.input, defaultMaxDepth);
    const input = plain === notJson ? await mendInput(call.input) : plain;
    const result = await context.call(tool, input);
    return { toolCallId, toolName, output: asJson(result, toolName) };
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (isFlockError(error, "tool_not_approved")) return { toolCallId, toolName, denied: error.message };
    return { toolCallId, toolName, error: error instanceof Error ? error.message : String(error) };
  }
}

async function mendInput(text: string): Promise<unknown> {
  const { readValue } = await import("../prompt/read/read-value.ts");
  return readValue(text);
}

/** What goes back to the model is plain JSON; `undefined` is null, as in JSON lists. */
function asJson(value: unknown, tool: string): Json {
  if (value === undefined) return null;
  if (isFlat(value)) return value;
  try {
    canonicalText(value);
  } catch (cause) {
    const message = `tool "${tool}" gave something that is no plain JSON: ${(cause as Error).message}`;
    throw new FlockError("tool_failed", message, { details: { tool }, cause });
  }
  return value as Json;
}

/** Tells that a value is plain JSON at first sight, as what most tools give is. */
function isFlat(value: unknown): value is Json {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    if (typeof field !== "string" && typeof field !== "boolean" && !Number.isFinite(field)) return false;
  }
  return true;
}

function unknownTool(
  name: string,
  tools: ReadonlyMap<string, AnyTool>,
  context: ExecutionContext,
): FlockError<"tool_unknown"> {
  const available = [...tools.keys()];
  const suggestion = nearestName(name, available);
  const shown = name.slice(0, 64);
  const hint = suggestion === undefined ? `there are ${available.join(", ") || "none"}` : `did you mean ${suggestion}?`;
  const error = new FlockError("tool_unknown", `there is no tool "${shown}"; ${hint}`, {
    details: { tool: shown, available, ...(suggestion === undefined ? {} : { suggestion }) },
  });
  context.warn(error.code, error.message);
  return error;
}
