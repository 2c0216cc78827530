import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type FailedAttempt,
  type Failure,
  RecoveryStrategy,
  type RecoveryStrategyOptions,
} from "../../src/entries/errors.ts";
import { FlockError } from "../../src/entries/index.ts";
import { createTestContext, createTestRuntime } from "../../src/entries/testing.ts";

const toolFailed = () => new FlockError("tool_failed", "broke", { details: { tool: "t" } });
const reject = (message: string) => () => Promise.reject(new Error(message));

function make(options: Partial<RecoveryStrategyOptions> = {}) {
  return new RecoveryStrategy({ name: "s", conditions: [], actions: [() => "ok"], ...options });
}

describe("a recovery strategy by itself", () => {
  it("gives undefined when a condition does not hold, throws, or resolves to false", async () => {
    const no: RecoveryStrategyOptions["conditions"][] = [
      [() => true, () => false],
      [
        () => {
          throw new Error("x");
        },
      ],
      [async () => false],
      ["timeout"],
      [RangeError],
    ];
    for (const conditions of no) expect(await make({ conditions }).attemptRecovery(new TypeError("x"))).toBeUndefined();
    const yes: RecoveryStrategyOptions["conditions"][] = [
      [],
      [() => true, async () => true],
      ["unknown", TypeError, Error],
    ];
    for (const conditions of yes) expect(await make({ conditions }).attemptRecovery(new TypeError("x"))).toBe("ok");
  });

  it("is bound: its method may be passed on alone", async () => {
    const { attemptRecovery } = make();
    expect(await attemptRecovery(new Error("x"))).toBe("ok");
  });

  it("tries the actions in order on each attempt, and does not give up at the first that fails", async () => {
    const log: string[] = [];
    const actions = [
      ({ attempt }: Failure) => {
        log.push(`a${attempt}`);
        throw new Error("a");
      },
      ({ attempt }: Failure) => {
        log.push(`b${attempt}`);
        if (attempt < 3) throw new Error("b");
        return "healed";
      },
    ];
    expect(await make({ actions }).attemptRecovery(new Error("x"))).toBe("healed");
    expect(log).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
  });

  it("rejects with a FlockError itself, every attempt and action listed", async () => {
    const error = toolFailed();
    function tidyUp() {
      throw new Error("first");
    }
    const strategy = make({ maxAttempts: 2, actions: [tidyUp, reject("second")] });
    await expect(strategy.attemptRecovery(error)).rejects.toBe(error);
    const told = ({ name, code, message }: FailedAttempt) => `${name}: ${code}: ${message}`;
    expect(error.attempts.map(told)).toEqual([
      "s: tidyUp: unknown: first",
      "s: action 2: unknown: second",
      "s: tidyUp: unknown: first",
      "s: action 2: unknown: second",
    ]);
  });

  it("rejects with recovery_failed around any other error", async () => {
    const error = new TypeError("x");
    const outcome = await make({ maxAttempts: 1, actions: [reject("no")] })
      .attemptRecovery(error)
      .catch((reason: unknown) => reason);
    expect(outcome).toMatchObject({ code: "recovery_failed", cause: error, details: { strategy: "s" } });
    expect((outcome as FlockError).message).toContain("could not recover in 1 attempt from: x");
    expect((outcome as FlockError).attempts).toHaveLength(1);
  });

  it("gives undefined when no action had anything to do", async () => {
    expect(await make({ actions: [() => undefined, () => {}] }).attemptRecovery(new Error("x"))).toBeUndefined();
  });

  it("has nothing to try again outside of a run, and says so", async () => {
    const outcome = await make({ maxAttempts: 1, actions: [(f) => f.retry(), (f) => f.callInstead("x")] })
      .attemptRecovery(toolFailed())
      .catch((reason: unknown) => reason);
    expect((outcome as FlockError).attempts.map(({ code }) => code)).toEqual(["option_invalid", "option_invalid"]);
  });

  it("hands over error, context, signal and path of where it is called", async () => {
    const { context, end } = await createTestContext();
    let seen: Failure | undefined;
    const actions = [
      (failure: Failure) => {
        seen = failure;
        return 1;
      },
    ];
    const error = new Error("x");
    await make({ actions }).attemptRecovery(error, context);
    expect(seen).toMatchObject({ error, attempt: 1, path: context.path, hasActed: false, attempts: [] });
    expect(seen?.context).toBe(context);
    expect(seen?.runtime).toBe(context.runtime);
    await end();
  });

  it("waits between attempts, random up to a bound that doubles", async () => {
    const runtime = createTestRuntime();
    const at: number[] = [];
    const actions = [
      () => {
        at.push(runtime.monotonic());
        throw new Error("no");
      },
    ];
    const outcome = make({ runtime, actions, maxAttempts: 4, backoff: { baseMs: 1_000, maxDelayMs: 1_500 } })
      .attemptRecovery(toolFailed())
      .catch((reason: unknown) => reason);
    await runtime.clock.advance(10_000);
    await outcome;
    const waits = at.slice(1).map((time, index) => time - at[index]!);
    expect(waits).toHaveLength(3);
    expect(waits[0]).toBeLessThanOrEqual(1_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_500);
    expect(Math.max(...waits)).toBeGreaterThan(0);
  });

  it("ends at its deadline, also within an action or a wait, and lists that", async () => {
    for (const [actions, backoff] of [
      [[() => new Promise(() => {})], undefined],
      [[reject("no")], { baseMs: 86_400_000, maxDelayMs: 86_400_000 }],
    ] as const) {
      const runtime = createTestRuntime();
      const error = toolFailed();
      const outcome = make({ runtime, actions, backoff, deadlineMs: 1_000 })
        .attemptRecovery(error)
        .catch((reason: unknown) => reason);
      await runtime.clock.advance(1_000);
      expect(await outcome).toBe(error);
      expect(error.attempts.at(-1)).toMatchObject({ code: "timeout", name: expect.stringMatching(/^s/) });
      expect(runtime.clock.pendingTimers).toBe(0);
    }
  });

  it("ends with the signal's own reason when the context is cancelled, and leaves nothing behind", async () => {
    const { context, runtime, end } = await createTestContext();
    const fork = context.fork();
    const outcome = make({ actions: [() => new Promise(() => {})], deadlineMs: 60_000 })
      .attemptRecovery(toolFailed(), fork)
      .catch((error: unknown) => error);
    await runtime.clock.advance(10);
    const reason = new Error("enough");
    fork.cancel(reason);
    expect(await outcome).toBe(reason);
    expect(runtime.clock.pendingTimers).toBe(0);
    const late = make().attemptRecovery(toolFailed(), fork);
    await expect(late).rejects.toBe(reason);
    await end();
  });

  it("cuts an action that hangs, and goes on with the next", async () => {
    const runtime = createTestRuntime();
    const outcome = make({ runtime, actions: [() => new Promise(() => {}), () => "second"] }).attemptRecovery(
      new Error("x"),
    );
    await runtime.clock.advance(30_000);
    expect(await outcome).toBe("second");
  });
});

/** What the guide says, as a loop over a table of what each action does on each attempt. */
function reference(table: readonly (readonly ("fails" | "declines" | "succeeds")[])[]) {
  const tried: string[] = [];
  let failures = 0;
  for (const [attempt, row] of table.entries()) {
    for (const [index, outcome] of row.entries()) {
      tried.push(`${attempt + 1}.${index}`);
      if (outcome === "succeeds") return { tried, value: `${attempt + 1}.${index}`, failures };
      if (outcome === "fails") failures += 1;
    }
  }
  return { tried, value: undefined, failures };
}

describe("any strategy", () => {
  it("does what the reference interpreter does, for any table of outcomes", async () => {
    const outcome = fc.oneof(
      { weight: 5, arbitrary: fc.constant("fails" as const) },
      { weight: 2, arbitrary: fc.constant("declines" as const) },
      { weight: 1, arbitrary: fc.constant("succeeds" as const) },
    );
    const tables = fc
      .record({ actions: fc.integer({ min: 1, max: 4 }), attempts: fc.integer({ min: 1, max: 5 }) })
      .chain(({ actions, attempts }) =>
        fc.array(fc.array(outcome, { minLength: actions, maxLength: actions }), {
          minLength: attempts,
          maxLength: attempts,
        }),
      );
    await fc.assert(
      fc.asyncProperty(tables, fc.boolean(), async (table, isOwn) => {
        const tried: string[] = [];
        const actions = table[0]!.map((_, index) => ({ attempt }: Failure) => {
          const place = `${attempt}.${index}`;
          tried.push(place);
          const what = table[attempt - 1]![index];
          if (what === "fails") throw new Error(place);
          return what === "succeeds" ? place : undefined;
        });
        const error = isOwn ? toolFailed() : new Error("x");
        const strategy = make({ actions, maxAttempts: table.length });
        const ending = await strategy.attemptRecovery(error).then(
          (value) => ({ value, error: undefined }),
          (reason: unknown) => ({ value: undefined, error: reason }),
        );
        const expected = reference(table);
        expect(tried).toEqual(expected.tried);
        expect(ending.value).toBe(expected.value);
        const isDead = expected.value === undefined && expected.failures > 0;
        expect((ending.error as FlockError | undefined)?.attempts.length).toBe(isDead ? expected.failures : undefined);
        if (isDead) expect(isOwn ? ending.error : (ending.error as Error).cause).toBe(error);
      }),
      { numRuns: 300 },
    );
  });
});
