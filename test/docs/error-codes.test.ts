import { describe, expect, it } from "vitest";
import type { FlockErrorCode, ModelFailureCode } from "../../src/core/errors/errors.ts";
import { type ForeignFailureCode, modelFailureOf } from "../../src/entries/errors.ts";
import { FlockError } from "../../src/entries/index.ts";
import { readText } from "../repository/manifest.ts";

/** The compiler asks for every code: a new one that is not here does not compile. */
const codes: Readonly<Record<FlockErrorCode, true>> = {
  signature_invalid: true,
  type_invalid: true,
  input_invalid: true,
  output_invalid: true,
  output_unreadable: true,
  option_invalid: true,
  model_not_configured: true,
  model_unknown: true,
  model_package_missing: true,
  model_key_missing: true,
  rate_limited: true,
  quota_exhausted: true,
  overloaded: true,
  model_unreachable: true,
  model_unauthorized: true,
  context_too_long: true,
  content_blocked: true,
  model_request_invalid: true,
  model_failed: true,
  model_stopped: true,
  tool_unknown: true,
  tool_failed: true,
  tool_not_approved: true,
  steps_exhausted: true,
  pattern_invalid: true,
  no_evidence: true,
  timeout: true,
  circuit_open: true,
  limit_exceeded: true,
  budget_exceeded: true,
  price_unknown: true,
  queue_full: true,
  lease_invalid: true,
  deadlock: true,
  cancelled: true,
  documents_unavailable: true,
  path_forbidden: true,
  store_mismatch: true,
  store_failed: true,
  history_invalid: true,
  cache_cycle: true,
  package_missing: true,
  provider_failed: true,
  name_invalid: true,
  knob_invalid: true,
  recovery_failed: true,
  internal: true,
};
const modelCodes: Readonly<Record<ModelFailureCode, true>> = {
  rate_limited: true,
  quota_exhausted: true,
  overloaded: true,
  model_unreachable: true,
  model_unauthorized: true,
  context_too_long: true,
  content_blocked: true,
  model_request_invalid: true,
  model_failed: true,
};
const foreignCodes: Readonly<Record<ForeignFailureCode, true>> = {
  rate_limited: true,
  overloaded: true,
  unauthorized: true,
  request_refused: true,
  server_failed: true,
  unreachable: true,
  damaged: true,
  system_error: true,
  timeout: true,
  cancelled: true,
  program_error: true,
  unknown: true,
};

const page = readText("docs/guide/errors.md");
/** First cells of all tables: the codes they explain. */
const explained = new Set(
  page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split(" | ")[0]!.matchAll(/`(\w+)`/g)].map(([, code]) => code)),
);

describe("the page on errors", () => {
  it.each([...Object.keys(codes), ...Object.keys(foreignCodes)])("explains %s", (code) => {
    expect(explained).toContain(code);
  });

  it("explains no code that is none", () => {
    const known = new Set([...Object.keys(codes), ...Object.keys(foreignCodes)]);
    expect([...explained].filter((code) => !known.has(code!))).toEqual([]);
  });
});

it("the codes of a model's failure are those that modelFailureOf knows", () => {
  const known = Object.keys(codes).filter((code) => {
    const details = { model: "m", retryable: false } as never;
    return modelFailureOf(new FlockError(code as FlockErrorCode, "x", { details })) === details;
  });
  expect(known.sort()).toEqual(Object.keys(modelCodes).sort());
});
