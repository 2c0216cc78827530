/** Writes the message of a failed model call: what came, and what to do about it. */

import type { ModelFailureCode, ModelFailureDetails } from "../../core/errors/errors.ts";
import { vendors } from "../vendors.ts";
import { type Evidence, isDailyQuota } from "./failure-code.ts";

/** Gives the sentence of a failure; `message` is the vendor's, cleaned. */
export function sentenceOf(
  code: ModelFailureCode,
  details: ModelFailureDetails,
  evidence: Evidence,
  message: string,
): string {
  const { model, status, vendorCode } = details;
  if (evidence.system !== undefined) return lostSentence(details, evidence);
  const hint = hintOf(code, status, evidence, model);
  if (status === undefined) return `${model} failed${hint}: ${message}`;
  if (status < 300) return `${model} answered with something that could not be read (status ${status}): ${message}`;
  return `${model} answered with status ${status}${vendorCode === undefined ? "" : ` (${vendorCode})`}${hint}: ${message}`;
}

/** Gives the variable that holds the key for a model's name, such as `openai.responses/gpt-5` or `openai/gpt-5`. */
export function keyVariableOf(model: string): string | undefined {
  const name = /^[^./]*/.exec(model)![0];
  if (name === "openai-compatible") return "OPENAI_COMPATIBLE_API_KEY";
  return vendors.find((vendor) => vendor.name === name)?.keyVariable;
}

/** Says where the way to the vendor broke. */
function lostSentence({ model, progress }: ModelFailureDetails, { vendor, system }: Evidence): string {
  const { code, kind } = system!;
  const host = hostOf(vendor.url);
  if (kind === "damage") return `the answer of ${model}${host} was damaged on its way (${code}); try again`;
  if (kind === "certificate") {
    return `${model} could not be reached${host} (${code}); its certificate is not trusted: check the address, or name its authority in NODE_EXTRA_CA_CERTS`;
  }
  if (kind === "system") return `${model} could not be used (${code}); check this machine's files and limits`;
  if (progress === "answering")
    return `the connection to ${model}${host} broke in the middle of its answer (${code}); try again`;
  if (progress === "sent") {
    return `the connection to ${model}${host} broke before it answered (${code}); try again, or check the network`;
  }
  const hint = isOllama(model)
    ? "start it with `ollama serve`, or set OLLAMA_BASE_URL"
    : "check the address and the network";
  return `${model} could not be reached${host} (${code}); ${hint}`;
}

function hintOf(code: ModelFailureCode, status: number | undefined, { words }: Evidence, model: string): string {
  const key = keyVariableOf(model) ?? "the key it was created with";
  switch (code) {
    case "rate_limited":
      return "; slow down, or raise the limit with the vendor";
    case "quota_exhausted":
      return isDailyQuota(words.body) ? "; the day's quota is used up" : "; the account's credit is used up";
    case "overloaded":
      return "; try again later, or use another model";
    case "model_unauthorized":
      return status === 403 ? `; check that ${key} may use this model` : `; check ${key}`;
    case "context_too_long":
      return "; send less, or use a model with a longer context";
    case "content_blocked":
      return "; rephrase the input, or use another model";
    case "model_request_invalid":
      return requestHint(status, model);
    default:
      return "";
  }
}

function requestHint(status: number | undefined, model: string): string {
  if (status === undefined) return "";
  if (status < 400) return "; redirects are not followed, so that the key stays here: set the address it leads to";
  if (status !== 404) return "";
  if (isOllama(model)) return `; get it with \`ollama pull ${model.slice(model.indexOf("/") + 1)}\``;
  return "; check the model's name and the base address";
}

function isOllama(model: string): boolean {
  return /^ollama[./]/.test(model);
}

function hostOf(url: unknown): string {
  if (typeof url !== "string" || !URL.canParse(url)) return "";
  return ` at ${new URL(url).host}`;
}
