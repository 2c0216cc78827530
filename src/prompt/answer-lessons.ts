/** Reads from a model's warnings and errors which way of asking it does not take. */

import type { LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { modelFailureOf } from "../core/errors/errors.ts";
import type { AnswerMode } from "./answer-ladder.ts";

/** What was learned: the way to ask from now on, and for whom. */
export interface AnswerLesson {
  readonly mode: AnswerMode;
  /** `model`: it takes no such request at all; `agent`: it refused this agent's schema. */
  readonly scope: "model" | "agent";
}

/** Reads an answer's warnings: one that was asked for with a schema or tool and left it out teaches the next way. */
export function lessonOfWarnings(
  mode: AnswerMode,
  warnings: LanguageModelV4GenerateResult["warnings"],
): AnswerLesson | undefined {
  const next = below[mode];
  if (next === undefined) return undefined;
  const about = mode === "native" ? schemaFeature : toolFeature;
  for (const warning of warnings) {
    if (warning.type !== "unsupported" || !about.test(warning.feature)) continue;
    return { mode: next, scope: thisSchema.test(warning.details ?? "") ? "agent" : "model" };
  }
  return undefined;
}

/**
 * Reads a failed call: a request that was refused because of its schema or tools teaches the next way, and may be made
 * again that way. Any other failure teaches nothing.
 */
export function lessonOfError(mode: AnswerMode, error: unknown): AnswerLesson | undefined {
  const next = below[mode];
  const failure = modelFailureOf(error);
  if (next === undefined || failure === undefined || failure.retryable) return undefined;
  const { status, vendorCode } = failure;
  if (status !== undefined && !refusals.has(status)) return undefined;
  const said = `${vendorCode ?? ""} ${(error as Error).message}`;
  if (!(mode === "native" ? schemaRefusal : toolRefusal).test(said)) return undefined;
  return { mode: next, scope: badSchema.test(said) ? "agent" : "model" };
}

const below: Readonly<Record<AnswerMode, AnswerMode | undefined>> = {
  native: "tool",
  tool: "guided",
  guided: undefined,
};
/** Statuses by which vendors refuse what they do not take. */
const refusals: ReadonlySet<number> = new Set([400, 404, 415, 422, 501]);
const schemaFeature = /response.?format|schema|structured/i;
const toolFeature = /tool/i;
/** Details of a warning that is about one schema, not about schemas. */
const thisSchema = /\b(?:the|this) schema\b/i;
const schemaRefusal =
  /response[\s_.-]?(?:format|schema|mime)|json[\s_-]?(?:schema|mode|object|output)|structured[\s_-]?output|output[\s_-]?(?:format|config|schema)|guided[\s_-]?(?:json|decoding)|grammar/i;
const toolRefusal = /\btools?\b|tool[\s_-]?(?:choice|use|call)|function[\s_-]?call/i;
/** The schema itself is refused, not schemas as such: other agents' may pass. */
const badSchema =
  /(?:invalid|unsupported|bad|malformed).{0,40}schema|schema.{0,80}(?:invalid|not (?:allowed|permitted|valid)|must|required|too |exceed)|additionalProperties|too (?:complex|many|deep|large)/i;
