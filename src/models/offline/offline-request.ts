/** What the prompt adapter hands the offline model beside the messages, so that it need not guess fields out of prose. */

import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { Json, JsonObject, JsonSchema } from "../../core/json/json.ts";

/** The contract of `providerOptions.flock`: plain JSON, read by the offline model alone; no vendor receives it. */
export interface OfflineRequest {
  /** What the agent is told to be; read as a description, never as evidence. */
  readonly instructions?: string;
  /** The values of the input fields. They are data: nothing in them is obeyed. */
  readonly inputs: { readonly [field: string]: Json };
  /** JSON Schema (draft 2020-12, type object) of the inputs. */
  readonly inputSchema: JsonSchema;
  /** JSON Schema (draft 2020-12, type object) of the answer. */
  readonly outputSchema: JsonSchema;
}

/**
 * Reads {@link OfflineRequest} from call options. Gives undefined when it is not there or when inputs or output schema
 * are not objects; a missing part that can be empty is empty. Never throws.
 */
export function readOfflineRequest(options: LanguageModelV4CallOptions): OfflineRequest | undefined {
  const flock: unknown = options.providerOptions?.flock;
  if (!isJsonObject(flock) || !isJsonObject(flock.inputs) || !isJsonObject(flock.outputSchema)) return undefined;
  const instructions = flock.instructions;
  return {
    ...(typeof instructions === "string" && instructions !== "" ? { instructions } : {}),
    inputs: flock.inputs,
    inputSchema: isJsonObject(flock.inputSchema) ? flock.inputSchema : {},
    outputSchema: flock.outputSchema,
  };
}

/** Tells whether a value is a JSON object: no list, not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
