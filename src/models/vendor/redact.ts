/** Takes what could be a secret out of a vendor's words before they become part of an error. */

import type { Runtime } from "../../core/runtime/runtime.ts";

const mark = "[redacted]";
const longest = 300;

/** Variables that commonly hold model keys; their values never appear, whatever they look like. */
const keyVariables = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GOOGLE_GENERATIVE_AI_API_KEY",
  "OPENAI_COMPATIBLE_API_KEY",
  "GEMINI_API_KEY",
  "MISTRAL_API_KEY",
  "GROQ_API_KEY",
  "XAI_API_KEY",
  "DEEPSEEK_API_KEY",
  "COHERE_API_KEY",
  "TOGETHER_API_KEY",
  "OPENROUTER_API_KEY",
  "AZURE_API_KEY",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
] as const;

/**
 * Gives a text without keys, tokens, credentials and query strings, on one line, at most 300 characters. Long words of
 * mixed letters and digits count as tokens unless they are part of one of the `known` names, such as the model's.
 */
export function redact(text: string, known: readonly string[], runtime?: Pick<Runtime, "variable">): string {
  let clean = hideValues(text.slice(0, 4_096), runtime);
  for (const pattern of secretPatterns) clean = clean.replace(pattern, `$1${mark}`);
  clean = clean.replace(/[\w-]{20,}/g, (word) =>
    /\d/.test(word) && /[A-Za-z]/.test(word) && !known.some((name) => name.includes(word)) ? mark : word,
  );
  // Control characters go too: terminal escapes must not reach a log.
  clean = clean.replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ").trim();
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}

/**
 * Gives a text of any length without the values of key variables, words in the shape of a vendor's keys, tokens after
 * "Bearer" or "Basic", and credentials in addresses, all else as it is: for what must stay readable as it was, such as prompts and answers.
 */
export function hideKeys(text: string, runtime?: Pick<Runtime, "variable">): string {
  let clean = hideValues(text, runtime);
  for (const pattern of keyShapes) clean = clean.replace(pattern, `$1${mark}`);
  return clean;
}

function hideValues(text: string, runtime: Pick<Runtime, "variable"> | undefined): string {
  let clean = text;
  for (const variable of keyVariables) {
    const value = runtime?.variable(variable);
    if (value !== undefined && value.length >= 4) clean = clean.replaceAll(value, mark);
  }
  return clean;
}

/** Words that only a key looks like, and places where only a credential stands. Each keeps what its first group matched. */
const keyShapes: readonly RegExp[] = [
  /()\b(?:sk|rk|gsk|xai|ghp|gho|hf)[-_][\w-]{16,}/g,
  /()\bAIza[\w-]{10,}/g,
  /()\bAKIA[0-9A-Z]{16}\b/g,
  /()\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g,
  /(\b(?:bearer|basic) )(?=[A-Za-z]*[\d+/_~-])[\w.~+/-]{16,}=*/gi,
  /(\bhttps?:\/\/)[^\s/@"'\\]{1,256}(?=@)/gi,
  /([?&](?:api[-_]?key|key|(?:access|auth|id)[-_]?token|token|sig|signature|x-(?:amz|goog)-(?:signature|credential)|password|secret)=)[^\s&"'#\\]{4,}/gi,
];

/** Each keeps what its first group matched. All are linear: no two repeated parts of one can match the same text. */
const secretPatterns: readonly RegExp[] = [
  /()\beyJ[\w-]{10,}(?:\.[\w-]+){1,4}/g,
  /((?:bearer|basic)\s{1,4})[^\s"',;]+/gi,
  /()\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|AIza|ya29)[-_.][\w.*-]{4,}/g,
  /()\bAIza[\w-]{10,}/g,
  /((?:api[-_ ]?key|apikey|authorization|token|secret|password|credential)s?["']?\s{0,4}[:=]\s{0,4}["']?)(?!\[redacted\]|bearer|basic)[^\s"',;]+/gi,
  /(\/\/)[^\s/@"']{1,256}(?=@)/g,
  /(\bhttps?:\/\/[^\s?#"']{1,512})[?#][^\s"']*/gi,
];
