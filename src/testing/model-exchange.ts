/** One exchange with a model as plain JSON without secrets: what a recording holds, line by line. */

import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { FlockError, type FlockErrorCode } from "../core/errors/errors.ts";
import type { Json, JsonObject } from "../core/json/json.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { modelError } from "../models/vendor/model-error.ts";
import { hideKeys } from "../models/vendor/redact.ts";

/** What was asked, and what came: an `answer`, the `parts` of a stream, or an `error`, also after some parts. */
export interface ModelExchange {
  readonly v: 1;
  readonly provider: string;
  readonly modelId: string;
  /** The call options without signal and headers, secrets taken out. */
  readonly request: JsonObject;
  readonly answer?: JsonObject;
  readonly parts?: readonly JsonObject[];
  readonly error?: RecordedError;
}

/** A failure as plain data: that of the FlockError an agent would have seen. */
export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly details: JsonObject;
}

/** Takes the secrets out of things and makes them plain; knows the values of the runtime's key variables. */
export class ExchangeWriter {
  readonly #model: string;
  readonly #runtime: Runtime;

  constructor(model: string, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** Gives a request without signal and headers; the same text for equal requests. */
  request(options: LanguageModelV4CallOptions): JsonObject {
    const { abortSignal: _, headers: __, includeRawChunks: ___, ...asked } = options;
    return this.#plain(asked) as JsonObject;
  }

  /** Gives an answer without what was sent, headers and raw body. */
  answer(answer: LanguageModelV4GenerateResult): JsonObject {
    const { request: _, response, ...said } = answer;
    if (response === undefined) return this.#plain(said) as JsonObject;
    const { headers: __, body: ___, ...metadata } = response;
    return this.#plain({ ...said, response: metadata }) as JsonObject;
  }

  /** Gives the parts of a stream. A key that came in several pieces is hidden too: its block becomes one piece then. */
  parts(parts: readonly LanguageModelV4StreamPart[]): JsonObject[] {
    const blocks = new Map<string, string>();
    for (const part of parts) {
      if ("delta" in part) blocks.set(blockOf(part), (blocks.get(blockOf(part)) ?? "") + part.delta);
    }
    const hidden = new Set<string>();
    return parts.flatMap((part): JsonObject[] => {
      if (part.type === "raw") return [];
      if (part.type === "error") return [{ type: "error", error: this.error(part.error) as unknown as JsonObject }];
      const plain = this.#plain(part) as JsonObject;
      if (!("delta" in part)) return [plain];
      const block = blockOf(part);
      const whole = blocks.get(block)!;
      const clean = hideKeys(whole, this.#runtime);
      if (clean === whole) return [{ ...plain, delta: part.delta }];
      if (hidden.has(block)) return [];
      hidden.add(block);
      return [{ ...plain, delta: clean }];
    });
  }

  error(error: unknown): RecordedError {
    const { code, message, details } = modelError(error, this.#model, this.#runtime);
    return this.#plain({ code, message, details }) as unknown as RecordedError;
  }

  #plain(value: unknown, vendors = false, depth = 0): Json | undefined {
    if (typeof value === "string") return hideKeys(value, this.#runtime);
    if (typeof value === "boolean" || value === null) return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : null;
    if (typeof value !== "object" || depth > deepest) return undefined;
    if (value instanceof Date) return { $date: value.toISOString() };
    if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
    // Credentials and signatures of an address are in its user and query.
    if (value instanceof URL) return { $url: `${value.origin}${value.pathname}` };
    if (Array.isArray(value)) return value.map((item) => this.#plain(item, vendors, depth + 1) ?? null);
    const fields: Record<string, Json> = {};
    for (const [key, field] of Object.entries(value)) {
      if (key === "__proto__") continue;
      const secret = vendors && (key === "headers" || (typeof field === "string" && secretName.test(key)));
      const plain = secret ? mark : this.#plain(field, vendors || vendorFields.has(key), depth + 1);
      if (plain !== undefined) fields[key] = plain;
    }
    return fields;
  }
}

const mark = "[redacted]";
const deepest = 500;
/** Where vendors take options of their own: credentials lie under telling names there. */
const vendorFields = new Set(["providerOptions", "providerMetadata", "args"]);
const secretName = /api[-_]?key|authorization|secret|password|credential|cookie|(?:^|access|auth|bearer)[-_]?token$/i;

function blockOf(part: { readonly type: string; readonly id: string }): string {
  return `${part.type} ${part.id}`;
}

/** Gives what was recorded as it was: dates and bytes again, a copy of its own for each caller. */
export function revive(value: Json): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const fields = value as JsonObject;
  if (typeof fields.$date === "string") return new Date(fields.$date);
  if (typeof fields.$bytes === "string") return new Uint8Array(Buffer.from(fields.$bytes, "base64"));
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, revive(field)]));
}

/** Gives a recorded part of a stream as it was; an error in it is a FlockError. */
export function revivePart(part: JsonObject): LanguageModelV4StreamPart {
  if (part.type === "error") return { type: "error", error: reviveError(part.error as unknown as RecordedError) };
  return revive(part) as LanguageModelV4StreamPart;
}

/** Gives a recorded failure as the error it was. */
export function reviveError({ code, message, details }: RecordedError): FlockError {
  return new FlockError(code as FlockErrorCode, message, { details: revive(details) as never });
}
