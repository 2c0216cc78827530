/** Finds the model an agent uses: a string such as `openai/gpt-5-mini`, a language model, or nothing at all. */

import { FlockError } from "../core/errors/errors.ts";
import { nearestName } from "../core/errors/nearest-name.ts";
import type { AnyRunnable } from "../core/runnable.ts";
import type { Runtime } from "../core/runtime/runtime.ts";
import { adaptModel } from "./adapt-model.ts";
import { LazyModel, type ParsedName } from "./lazy-model.ts";
import { createModel, type ModelRunnable } from "./model.ts";
import { llamaScheme } from "./model-name.ts";
import { isInstalled, packageMissing } from "./model-package.ts";
import { llama, type VendorNeeds, vendors } from "./vendors.ts";

/** What a model may be given as. */
export interface ResolveModelOptions {
  readonly runtime: Runtime;
}

/** Who asks for a model, and what was said about it where. */
export interface ChooseModelOptions extends ResolveModelOptions {
  /** The agent's own model. */
  readonly agentModel?: unknown;
  /** The Flock's model. */
  readonly flockModel?: unknown;
  /** The agent's name, for messages. */
  readonly agent: string;
}

/**
 * Chooses the model of an agent: its own, else the Flock's, else the variable `FLOCK_MODEL`, else the offline engine with
 * one warning. In production (`NODE_ENV`) the offline engine must be named.
 *
 * @throws model_not_configured in production without any model; else as {@link resolveModelName}.
 */
export function chooseModel(options: ChooseModelOptions): AnyRunnable {
  const { agentModel, flockModel, runtime, agent } = options;
  const named = agentModel ?? flockModel ?? runtime.variable("FLOCK_MODEL");
  if (named !== undefined) return resolveModel(named, { runtime });
  if (runtime.variable("NODE_ENV") === "production") {
    throw new FlockError(
      "model_not_configured",
      `agent "${agent}" has no model; give it one, give the Flock one, or set FLOCK_MODEL (to "offline" for the built-in engine)`,
      { details: { agent } },
    );
  }
  runtime.shared("models:offline-warning", () => {
    runtime.warn(
      'no model is configured, so the built-in offline engine answers; set FLOCK_MODEL or pass a model, such as "openai/gpt-5-mini" (or "offline" to keep it)',
      "FLOCK_OFFLINE_MODEL",
    );
    return true;
  });
  return resolveModelName("offline", { runtime });
}

/**
 * Gives the runnable of a model string, a language model of the AI SDK, or a model that is a runnable already.
 *
 * @throws option_invalid for anything else; for strings as {@link resolveModelName}.
 */
export function resolveModel(model: unknown, options: ResolveModelOptions): AnyRunnable {
  if (typeof model === "string") return resolveModelName(model, options);
  return modelOf(model);
}

/**
 * Gives the runnable of a language model, or of what is one already.
 *
 * @throws option_invalid for anything else.
 */
export function modelOf(model: unknown): AnyRunnable {
  return isModelRunnable(model) ? model : createModel(adaptModel(model));
}

/**
 * Gives the runnable of a model string, `vendor/model id`, `llama:path` or `offline`; the same one for the same string and
 * runtime. The vendor's package is imported at the first call; what can be missing is checked now.
 *
 * @throws model_unknown for a string that names no vendor, with the nearest one, or no file; model_key_missing with the
 * variable's name; model_package_missing with what to install.
 */
export function resolveModelName(name: string, options: ResolveModelOptions): ModelRunnable {
  const { runtime } = options;
  const known = runtime.shared("models:resolved", () => new Map<string, ModelRunnable>());
  let model = known.get(name);
  if (model === undefined) {
    const parsed = name.startsWith(llamaScheme) ? parseFile(name) : parseName(name, vendors);
    checkReady(name, parsed.vendor, runtime);
    model = createModel(new LazyModel(name, parsed, runtime));
    known.set(name, model);
  }
  return model;
}

function isModelRunnable(value: unknown): value is AnyRunnable {
  if (typeof value !== "object" || value === null) return false;
  const runnable = value as Partial<AnyRunnable>;
  return runnable.kind === "model" && typeof runnable.perform === "function" && typeof runnable.name === "string";
}

/** Reads `llama:path`. What the file holds is looked at by the first call. */
function parseFile(name: string): ParsedName {
  // Asked for here: importing node:fs makes Node take milliseconds more at every start.
  const { basename, resolve } = process.getBuiltinModule("node:path");
  const path = resolve(name.slice(llamaScheme.length));
  if (!process.getBuiltinModule("node:fs").existsSync(path))
    throw modelUnknown(name, `there is no file ${path.slice(0, 300)}`, undefined);
  return { vendor: llama, modelId: basename(path), path };
}

/**
 * Reads `vendor/model id`.
 *
 * @throws model_unknown when it names none of these vendors, or a model the vendor does not have.
 */
export function parseName<Known extends VendorNeeds>(
  name: string,
  known: readonly Known[],
): { vendor: Known; modelId: string } {
  const slash = name.indexOf("/");
  const vendorName = slash === -1 ? name : name.slice(0, slash);
  const vendor = known.find((candidate) => candidate.name === vendorName);
  const modelId = slash === -1 ? (vendor?.modelIds?.[0] ?? "") : name.slice(slash + 1).trim();
  if (vendor === undefined) throw unknownVendor(name, vendorName, known);
  if (modelId === "") {
    throw modelUnknown(name, `it names no model of ${vendor.name}; write "${vendor.name}/<model id>"`, undefined);
  }
  if (vendor.modelIds !== undefined && !vendor.modelIds.includes(modelId)) {
    const ids = vendor.modelIds.map((id) => `"${vendor.name}/${id}"`);
    throw modelUnknown(name, `${vendor.name} has ${ids.join(", ")}`, `${vendor.name}/${vendor.modelIds[0]}`);
  }
  return { vendor, modelId };
}

/** Model families people name without their vendor. */
const families: readonly (readonly [RegExp, string])[] = [
  [/^(?:gpt|o\d|chatgpt)\b/, "openai"],
  [/^claude\b/, "anthropic"],
  [/^gemini\b/, "google"],
  [/^(?:llama|qwen|mistral|gemma|phi|deepseek)/, "ollama"],
];

function unknownVendor(name: string, vendorName: string, known: readonly VendorNeeds[]): FlockError<"model_unknown"> {
  const names = known.map((vendor) => vendor.name);
  const colon = /^([a-z-]{1,32}):(.{1,128})$/.exec(name);
  const family = families.find(([pattern]) => pattern.test(name))?.[1];
  const near = nearestName(vendorName, names);
  let suggestion: string | undefined;
  if (colon !== null && names.includes(colon[1]!)) suggestion = `${colon[1]}/${colon[2]}`;
  else if (near !== undefined) suggestion = `${near}${name.slice(vendorName.length)}`;
  else if (family !== undefined && !name.includes("/")) suggestion = `${family}/${name}`;
  return modelUnknown(name, `known vendors are ${names.join(", ")}`, suggestion);
}

/** Makes the error for a string that names no model, with what may have been meant. */
export function modelUnknown(
  name: string,
  reason: string,
  suggestion: string | undefined,
): FlockError<"model_unknown"> {
  const shown = name.length <= 100 ? name : `${name.slice(0, 99)}…`;
  const hint = suggestion === undefined ? reason : `did you mean "${suggestion}"? (${reason})`;
  return new FlockError("model_unknown", `there is no model "${shown}"; ${hint}`, {
    details: { model: shown, ...(suggestion === undefined ? {} : { suggestion }) },
  });
}

/**
 * Checks that what a vendor needs is there.
 *
 * @throws model_package_missing or model_key_missing.
 */
export function checkReady(name: string, vendor: VendorNeeds, runtime: Runtime): void {
  if (vendor.package !== undefined && !isInstalled(vendor.package)) throw packageMissing(name, vendor.package);
  for (const variable of [vendor.keyVariable, vendor.addressVariable]) {
    if (variable === undefined || runtime.variable(variable) !== undefined) continue;
    throw new FlockError(
      "model_key_missing",
      `the model "${name}" needs the environment variable ${variable}, which is not set`,
      { details: { model: name, variable } },
    );
  }
}
