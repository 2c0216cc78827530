import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorManager, type ErrorMatcher, RecoveryStrategy } from "../../src/entries/errors.ts";
import { codeOf, FlockError } from "../../src/entries/index.ts";
import { createTestContext, createTestRuntime } from "../../src/entries/testing.ts";

class ParseError extends Error {}
class JsonParseError extends ParseError {}

const failed = (code: "tool_failed" | "timeout" = "tool_failed") =>
  code === "timeout"
    ? new FlockError("timeout", "late", { details: { limit: "attempt", timeoutMs: 1, name: "x" } })
    : new FlockError("tool_failed", "broke", { details: { tool: "t" } });

describe("an error manager by itself", () => {
  it("gives what a handler of the class gives, which gets the error and the very context", async () => {
    const manager = new ErrorManager();
    const seen: unknown[] = [];
    manager.registerHandler(ParseError, (...given) => {
      seen.push(...given);
      return "mended";
    });
    const error = new JsonParseError("x");
    const { context, end } = await createTestContext();
    expect(await manager.handleError(error, context)).toBe("mended");
    expect(seen[0]).toBe(error);
    expect(seen[1]).toBe(context);
    await end();
  });

  it("asks functions, then codes, then the nearest class, each as registered", async () => {
    const manager = new ErrorManager();
    const asked: string[] = [];
    const decline = (name: string) => () => void asked.push(name);
    manager.registerHandler(Error, decline("Error"));
    manager.registerHandler(FlockError, decline("FlockError"));
    manager.registerHandler("tool_failed", decline("code"));
    manager.registerHandler(FlockError, decline("FlockError again"));
    manager.registerHandler((error) => error instanceof Error, decline("function"));
    manager.registerHandler("timeout", decline("another code"));
    const error = failed();
    await expect(manager.handleError(error)).rejects.toBe(error);
    expect(asked).toEqual(["function", "code", "FlockError", "FlockError again", "Error"]);
  });

  it("rejects with the very same object when none answers, whatever it is", async () => {
    const manager = new ErrorManager();
    manager.registerHandler(Error, () => undefined);
    for (const error of [new Error("x"), "a text", undefined, null, 7, {}]) {
      await expect(manager.handleError(error)).rejects.toBe(error);
    }
  });

  it("takes falsy values as answers", async () => {
    for (const value of [null, 0, "", false]) {
      const manager = new ErrorManager({ handlers: [[Error, () => value]] });
      expect(await manager.handleError(new Error("x"))).toBe(value);
    }
  });

  it("no longer asks what was taken back; the same function registered twice is two", async () => {
    const manager = new ErrorManager();
    let asked = 0;
    const handle = () => {
      asked += 1;
    };
    const undo = manager.registerHandler(Error, handle);
    manager.registerHandler(Error, handle);
    undo();
    undo();
    await manager.handleError(new Error("x")).catch(() => {});
    expect(asked).toBe(1);
    const strategy = new RecoveryStrategy({ name: "s", conditions: [], actions: [() => "strategy"] });
    const drop = manager.registerStrategy(strategy);
    expect(await manager.handleError(new Error("x"))).toBe("strategy");
    drop();
    await expect(manager.handleError(new Error("x"))).rejects.toThrow("x");
  });

  it("keeps the first error when a handler throws, asks the next, and tells what the handler did", async () => {
    const runtime = createTestRuntime();
    const manager = new ErrorManager({ runtime });
    manager.registerHandler(ParseError, () => {
      throw new TypeError("handler broke");
    });
    manager.registerHandler(Error, (error) => (error.message === "heal" ? "healed" : undefined));
    expect(await manager.handleError(new ParseError("heal"))).toBe("healed");
    const error = new ParseError("x");
    await expect(manager.handleError(error)).rejects.toBe(error);
    expect(runtime.warnings).toHaveLength(2);
    expect(runtime.warnings[0]).toMatchObject({ code: "FLOCK_RECOVERY_FAILED" });
    expect(runtime.warnings[0]?.message).toContain("handler broke");
  });

  it("tells in the run of the context when there is one", async () => {
    const { context, events, end } = await createTestContext();
    const manager = new ErrorManager();
    manager.registerHandler(Error, () => Promise.reject(new Error("handler broke")));
    await expect(manager.handleError(new Error("x"), context)).rejects.toThrow("x");
    await end();
    expect(events.find(({ type }) => type === "warning")).toMatchObject({ code: "recovery_failed" });
  });

  it("keeps the first error when a handler hangs, after 30 s of its clock", async () => {
    const runtime = createTestRuntime();
    const manager = new ErrorManager({ runtime });
    manager.registerHandler(Error, () => new Promise(() => {}));
    const error = new Error("x");
    const outcome = manager.handleError(error).catch((reason: unknown) => reason);
    await runtime.clock.advance(29_999);
    expect(runtime.clock.pendingTimers).toBe(1);
    await runtime.clock.advance(1);
    expect(await outcome).toBe(error);
    expect(runtime.warnings[0]?.message).toContain("30000 ms");
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("lets a handler throw the error again, which declines, and one around it, which takes its place", async () => {
    const error = new Error("x");
    const runtime = createTestRuntime();
    const again = new ErrorManager({ runtime });
    again.registerHandler(Error, (same) => {
      throw same;
    });
    await expect(again.handleError(error)).rejects.toBe(error);
    expect(runtime.warnings).toEqual([]);
    const around = new Error("nicer", { cause: error });
    again.registerHandler(
      () => true,
      () => Promise.reject(around),
    );
    await expect(again.handleError(error)).rejects.toBe(around);
  });

  it("asks strategies after handlers, those with the most conditions first", async () => {
    const asked: string[] = [];
    const make = (name: string, conditions: number) =>
      new RecoveryStrategy({
        ...{ name, maxAttempts: 1, conditions: Array.from({ length: conditions }, () => () => true) },
        actions: [() => void asked.push(name)],
      });
    const manager = new ErrorManager({ strategies: [make("one", 1), make("three", 3), make("also one", 1)] });
    manager.registerHandler(Error, () => void asked.push("handler"));
    await manager.handleError(new Error("x")).catch(() => {});
    expect(asked).toEqual(["handler", "three", "one", "also one"]);
  });

  it("asks the next strategy when one has used up its attempts", async () => {
    const error = failed();
    const dead = new RecoveryStrategy({
      name: "dead",
      conditions: [() => true],
      actions: [() => Promise.reject(new Error("no"))],
    });
    const good = new RecoveryStrategy({ name: "good", conditions: [], actions: [() => "good"] });
    expect(await new ErrorManager({ strategies: [good, dead] }).handleError(error)).toBe("good");
    await expect(new ErrorManager({ strategies: [dead] }).handleError(error)).rejects.toBe(error);
    const plain = new Error("plain");
    await expect(new ErrorManager({ strategies: [dead] }).handleError(plain)).rejects.toMatchObject({
      ...{ code: "recovery_failed", cause: plain },
    });
  });

  it("sees through a tool's failure to what the tool threw", async () => {
    const cause = new JsonParseError("x");
    const error = new FlockError("tool_failed", "broke", { details: { tool: "t" }, cause });
    const manager = new ErrorManager();
    let got: unknown;
    manager.registerHandler(ParseError, (told) => {
      got = told;
      return "mended";
    });
    expect(await manager.handleError(error)).toBe("mended");
    expect(got).toBe(cause);
  });
});

/** A random hierarchy: class number n extends one of those before it, the first one Error. */
const hierarchy = fc.array(fc.nat(), { minLength: 1, maxLength: 8 }).map((parents) => {
  const classes: (new (message?: string) => Error)[] = [];
  for (const parent of parents) {
    const Parent = classes[parent % (classes.length + 1)] ?? Error;
    classes.push(class extends Parent {});
  }
  return classes;
});

/** The order in which handlers are asked, by the words of the guide alone. */
function naiveOrder(matchers: readonly ErrorMatcher[], error: Error): number[] {
  const chain: unknown[] = [];
  for (let at: object | null = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    chain.push(at.constructor);
  }
  const functions: number[] = [];
  const codes: number[] = [];
  const classes: number[][] = chain.map(() => []);
  matchers.forEach((matcher, index) => {
    if (typeof matcher === "string") {
      if (matcher === codeOf(error)) codes.push(index);
    } else if (chain.includes(matcher)) classes[chain.indexOf(matcher)]!.push(index);
    else if (!(matcher.prototype instanceof Error) && (matcher as (error: unknown) => boolean)(error))
      functions.push(index);
  });
  return [...functions, ...codes, ...classes.flat()];
}

describe("which handler is asked", () => {
  it("is the same as by a naive model, for any hierarchy of classes", async () => {
    const matcher = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("class" as const), index: fc.nat() }) },
      fc.record({ kind: fc.constant("code" as const), index: fc.nat(1) }),
      fc.record({ kind: fc.constant("function" as const), index: fc.nat(1) }),
    );
    await fc.assert(
      fc.asyncProperty(
        hierarchy,
        fc.array(matcher, { maxLength: 12 }),
        fc.nat(),
        fc.nat(12),
        async (classes, declared, thrown, answers) => {
          const Thrown = classes[thrown % classes.length]!;
          const error = new Thrown("x");
          const matchers = declared.map(({ kind, index }): ErrorMatcher => {
            if (kind === "code") return ["unknown", "my_code"][index]!;
            if (kind === "function") return () => index === 1;
            return [...classes, Error][index % (classes.length + 1)]!;
          });
          const expected = naiveOrder(matchers, error);
          const asked: number[] = [];
          const manager = new ErrorManager();
          matchers.forEach((one, index) => {
            manager.registerHandler(one, () => {
              asked.push(index);
              return asked.length === answers + 1 ? { index } : undefined;
            });
          });
          const outcome = await manager.handleError(error).catch((reason: unknown) => reason);
          expect(asked).toEqual(expected.slice(0, answers + 1));
          if (answers < expected.length) expect(outcome).toEqual({ index: expected[answers] });
          else expect(outcome).toBe(error);
        },
      ),
      { numRuns: 300 },
    );
  });
});
