import { execFile } from "node:child_process";
import { inspect, promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  type FailedAttempt,
  FlockError,
  type FlockErrorCode,
  type ModelFailureCode,
  modelFailureOf,
} from "../../src/core/errors/errors.ts";
import { tellAttempts } from "../../src/core/errors/tell-attempts.ts";

const modelCodes: readonly ModelFailureCode[] = [
  "rate_limited",
  "quota_exhausted",
  "overloaded",
  "model_unreachable",
  "model_unauthorized",
  "context_too_long",
  "content_blocked",
  "model_request_invalid",
  "model_failed",
];

function errorOf(code: FlockErrorCode, details: object): FlockError {
  return new FlockError(code, "it failed", { details: details as never });
}

function attempt(number: number, more: Partial<FailedAttempt> = {}): FailedAttempt {
  const path = number === 1 ? "run/a#0/m#0" : `run/a#0/m#0@${number}`;
  return {
    ...{ attempt: number, path, name: "openai/gpt-5", code: "overloaded", message: "it is\n  too busy" },
    ...{ durationMs: 800, waitedMs: (number - 1) * 500 },
    ...more,
  };
}

describe("an error's retryable", () => {
  it.each(modelCodes)("is what the details of %s say", (code) => {
    expect(errorOf(code, { model: "m", retryable: true }).retryable).toBe(true);
    expect(errorOf(code, { model: "m", retryable: false }).retryable).toBe(false);
  });

  it.each([
    ["timeout", { limit: "attempt" }, true],
    ["timeout", { limit: "first-token" }, true],
    ["timeout", { limit: "between-tokens" }, true],
    ["timeout", { limit: "deadline" }, false],
    ["circuit_open", { key: "m", retryInMs: 5, failures: 3 }, true],
    ["queue_full", { manager: "m", limit: 1, queued: 1, owner: "o", shed: false }, false],
    ["store_failed", { store: "s", operation: "get", reason: "r" }, false],
    ["tool_failed", { tool: "t" }, false],
    ["output_invalid", { pointer: "", issues: [] }, false],
    ["internal", { reason: "r" }, false],
  ] as const)("is decided by code and details alone: %s %j is %s", (code, details, retryable) => {
    const error = errorOf(code, details);
    expect(error.retryable).toBe(retryable);
    expect(error.toJSON()).toEqual({ code, message: "it failed", details, path: undefined, retryable });
  });
});

describe("modelFailureOf", () => {
  it.each(modelCodes)("gives the details of %s", (code) => {
    const details = { model: "m", retryable: true };
    expect(modelFailureOf(errorOf(code, details))).toBe(details);
  });

  it.each([
    ["another code", errorOf("model_stopped", { model: "m", reason: "r" })],
    ["an error that is none of ours", Object.assign(new Error("x"), { code: "rate_limited", details: {} })],
    ["nothing", undefined],
    ["a word", "rate_limited"],
  ])("gives nothing for %s", (_, error) => {
    expect(modelFailureOf(error)).toBeUndefined();
  });
});

describe("an error that was tried against", () => {
  it("holds no attempts before, and shows none", () => {
    const error = errorOf("model_failed", { model: "m", retryable: true });
    expect(error.attempts).toEqual([]);
    expect(Object.isFrozen(error.attempts)).toBe(true);
    expect(inspect(error)).not.toContain("attempts");
    expect(error.toJSON()).not.toHaveProperty("attempts");
  });

  it("tells how many and how long in its message, and each in its printed form, breadcrumbs last", () => {
    const error = errorOf("overloaded", { model: "openai/gpt-5", retryable: true, status: 503 });
    const attempts = [
      attempt(1),
      attempt(2),
      attempt(3, { durationMs: 2_000, code: "timeout", message: "x".repeat(900) }),
    ];
    tellAttempts(error, attempts);
    // The door leaves them when the call ends, which is later.
    error.breadcrumbs = [{ path: "run/a#0", message: "searched", data: { hits: 3 }, time: 1 }];
    expect(error.message).toBe("it failed (3 attempts in 5.1 s)");
    expect(error.attempts).toEqual(attempts);
    expect(error.toJSON().attempts).toEqual(attempts);
    const printed = inspect(error);
    expect(printed.split("\n").slice(0, 5)).toEqual([
      "FlockError: it failed (3 attempts in 5.1 s)",
      "  1. openai/gpt-5: overloaded after 800 ms: it is too busy",
      "  2. openai/gpt-5, 500 ms later: overloaded after 800 ms: it is too busy",
      `  3. openai/gpt-5, 1.0 s later: timeout after 2.0 s: ${"x".repeat(299)}…`,
      '  - run/a#0: searched {"hits":3}',
    ]);
    expect(printed).toMatch(/\n {4}at errorOf /);
    expect(printed).toContain("code: 'overloaded'");
    expect(printed).not.toMatch(/attempts:|breadcrumbs:/);
    expect(printed.match(/searched/g)).toHaveLength(1);
  });

  it("tells the longer story of a call further out in place of the first", () => {
    const error = errorOf("overloaded", { model: "m", retryable: true });
    tellAttempts(error, [attempt(1)]);
    expect(error.message).toBe("it failed (1 attempt in 800 ms)");
    tellAttempts(error, [attempt(1), attempt(2)]);
    expect(error.message).toBe("it failed (2 attempts in 2.1 s)");
    expect(inspect(error).match(/ after 800 ms/g)).toHaveLength(2);
    tellAttempts(error, []);
    expect(error.message).toBe("it failed");
  });

  it("can be told of an error whose stack somebody took", () => {
    const error = errorOf("overloaded", { model: "m", retryable: true });
    error.stack = "";
    tellAttempts(error, [attempt(1)]);
    expect(error.stack).toBe(
      "FlockError: it failed (1 attempt in 800 ms)\n  1. openai/gpt-5: overloaded after 800 ms: it is too busy",
    );
  });

  it("is printed so by Node when nobody catches it", async () => {
    const script = `
      import { FlockError } from ${JSON.stringify(new URL("../../src/core/errors/errors.ts", import.meta.url).href)};
      import { tellAttempts } from ${JSON.stringify(new URL("../../src/core/errors/tell-attempts.ts", import.meta.url).href)};
      const error = new FlockError("overloaded", "m is busy", { details: { model: "m", retryable: true } });
      tellAttempts(error, [${JSON.stringify(attempt(1))}]);
      throw error;`;
    const args = ["--input-type=module", "--no-warnings", "--eval", script];
    const failed = await promisify(execFile)(process.execPath, args).catch((error: { stderr: string }) => error);
    expect(failed.stderr).toContain(
      "FlockError: m is busy (1 attempt in 800 ms)\n  1. openai/gpt-5: overloaded after 800 ms: it is too busy\n",
    );
    expect(failed.stderr).toContain("code: 'overloaded'");
  });
});
