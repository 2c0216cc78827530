import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf, FlockError, isFlockError } from "../../src/core/errors/errors.ts";
import { nearestName } from "../../src/core/errors/nearest-name.ts";
import * as checks from "../../src/core/errors/options.ts";
import { foldEvents } from "../../src/core/events/fold.ts";
import { InputReference } from "../../src/core/events/input-reference.ts";
import { canonicalText, digestOf, escapePointer } from "../../src/core/json/canonical-key.ts";
import { copyJson } from "../../src/core/json/copy-json.ts";
import { type Knob, Knobs } from "../../src/core/knob.ts";
import { sleepOn, systemRuntime } from "../../src/core/runtime/system-runtime.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

/** What JSON can tell apart: -0 is 0, and a key that copies leave out is not there. */
function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, part) => {
    if (key === "__proto__") return undefined;
    return Object.is(part, -0) ? 0 : part;
  });
}

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, shuffled(part)]),
  );
}

describe("a canonical text", () => {
  it("is the same for equal JSON whatever the order of keys, and reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = plainJson(value);
        expect(canonicalText(shuffled(plain))).toBe(canonicalText(plain));
        expect(JSON.parse(canonicalText(plain))).toEqual(plain);
      }),
    );
  });

  it("differs for different JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [x, y] = [plainJson(a), plainJson(b)];
        const same = canonicalText(x) === canonicalText(y);
        expect(same).toBe(JSON.stringify(sortKeys(x)) === JSON.stringify(sortKeys(y)));
      }),
    );
  });

  it("leaves out absent fields and writes bytes, dates and list holes as JSON can hold them", () => {
    expect(canonicalText({ b: undefined, a: [undefined, 1], when: new Date(0), bytes: new Uint8Array([1, 2]) })).toBe(
      '{"a":[null,1],"bytes":{"$bytes":"AQI="},"when":"1970-01-01T00:00:00.000Z"}',
    );
  });

  it("names the place of what is no JSON", () => {
    const cycle: { list: unknown[] } = { list: [] };
    cycle.list.push(cycle);
    const wrong: [unknown, string, string][] = [
      [{ a: { "b/c": () => 1 } }, "/a/b~1c", "a function"],
      [{ a: Number.NaN }, "/a", "NaN"],
      [[1n], "/0", "a bigint"],
      [Symbol("x"), "", "a symbol"],
      [undefined, "", "undefined"],
      [cycle, "/list/0", "a cycle"],
    ];
    for (const [value, pointer, found] of wrong) {
      expect(() => canonicalText(value)).toThrow(expect.objectContaining({ code: "input_invalid" }));
      try {
        canonicalText(value);
      } catch (error) {
        expect(isFlockError(error, "input_invalid") && error.details.issues[0]).toMatchObject({
          pointer,
          received: found,
        });
      }
    }
  });

  it("is hashed with the length of each part, so that parts never run together", () => {
    expect(digestOf("ab", "c")).not.toBe(digestOf("a", "bc"));
    expect(digestOf("ab")).toMatch(/^[\w-]{22}$/);
    expect(escapePointer("a~b/c")).toBe("a~0b~1c");
  });
});

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, sortKeys(part)] as [string, unknown]);
  // Named as an object, since its entries alone would look like a list.
  return { entries: entries.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

describe("an input reference", () => {
  it("gives copies in process, and hash and size outside", () => {
    const input = { secret: ["sk-1"] };
    const reference = new InputReference(input);
    const copy = reference.read() as typeof input;
    copy.secret.push("changed");
    expect(input.secret).toEqual(["sk-1"]);
    expect(JSON.stringify({ reference })).not.toContain("sk-1");
    expect(inspect(reference)).toMatch(/^InputReference\([\w-]{22}, 19 characters\)$/);
    expect(new InputReference(() => 1).toJSON()).toEqual({ hash: null, size: 0 });
  });
});

describe("a copy", () => {
  it("is equal and shares nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = plainJson(value);
        const copy = copyJson(plain);
        expect(copy).toEqual(plain);
        if (typeof plain === "object" && plain !== null) expect(copy).not.toBe(plain);
      }),
    );
    const instance = new Date(0);
    expect(copyJson({ instance }).instance).toBe(instance);
    expect(Object.getPrototypeOf(copyJson(JSON.parse('{"__proto__": {"x": 1}}')))).toBe(Object.prototype);
  });
});

describe("errors", () => {
  it("carry code, details, cause and path, and print as plain data", () => {
    const cause = new Error("below");
    const error = new FlockError("tool_failed", "it failed", { details: { tool: "t" }, cause, path: "run/a#0" });
    expect(error).toMatchObject({ name: "FlockError", code: "tool_failed", cause, path: "run/a#0" });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "tool_failed",
      message: "it failed",
      details: { tool: "t" },
      path: "run/a#0",
      retryable: false,
    });
    expect(isFlockError(error) && isFlockError(error, "tool_failed")).toBe(true);
    expect(isFlockError(error, "timeout") || isFlockError(cause) || isFlockError(null)).toBe(false);
  });

  it("have a code for metrics, also when they are not ours", () => {
    expect(codeOf(new DOMException("x", "AbortError"))).toBe("cancelled");
    expect([codeOf(new Error("x")), codeOf("text"), codeOf(null)]).toEqual(["unknown", "unknown", "unknown"]);
  });
});

describe("the nearest name", () => {
  it("finds what was meant and stays silent otherwise", () => {
    expect(nearestName("timeotMs", ["timeoutMs", "tenant"])).toBe("timeoutMs");
    expect(nearestName("strr", ["str", "int"])).toBe("str");
    expect(nearestName("itn", ["str", "int"])).toBe("int");
    expect(nearestName("banana", ["str", "int"])).toBeUndefined();
    expect(nearestName("x".repeat(100), ["x".repeat(100)])).toBeUndefined();
  });
});

describe("option checks", () => {
  const table: [checks.OptionCheck, unknown[], unknown[]][] = [
    [checks.nonEmptyString, ["a"], ["", " ", 1, null]],
    [checks.nameString, ["a", "_b.c-d9"], ["", "9a", "a b", "a".repeat(129), 1]],
    [checks.positiveNumber, [1, 0.5], [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1"]],
    [checks.wholeNumber(1), [1, 99], [0, 1.5, "1", Number.NaN]],
    [checks.numberBetween(0, 2), [0, 2, 1.5], [-1, 3, Number.NaN, "1"]],
    [checks.oneOf("a", "b"), ["a"], ["c", 1]],
    [checks.booleanOption, [true], ["true", 0]],
    [checks.functionOption, [() => 1], [{}]],
    [checks.objectOption, [{}], [[], null, "x"]],
    [checks.listOption, [[]], [{}]],
    [checks.anyOption, [undefined, 1], []],
  ];
  it("accept what is good and say what is expected otherwise", () => {
    for (const [check, good, bad] of table) {
      for (const value of good) expect(check(value)).toBeUndefined();
      for (const value of bad) expect(check(value)).toMatch(/\w/);
    }
  });

  it("name an unknown option, the known ones, and never the value itself", () => {
    expect(() => checks.checkOptions("thing", { far: 1 }, { near: checks.anyOption })).toThrow("it knows near");
    const wrong: [unknown, string][] = [
      ["sk-secret", "a string of 9 characters"],
      ["", "an empty string"],
      [[1], "a list of 1"],
      [() => 1, "a function"],
      [{}, "an object"],
      [1n, "a bigint"],
    ];
    for (const [value, described] of wrong) {
      expect(() => checks.checkOptions("thing", { n: value }, { n: checks.positiveNumber })).toThrow(described);
    }
    expect(() => checks.checkOptions("thing", { n: undefined }, { n: checks.positiveNumber })).not.toThrow();
  });
});

describe("knobs", () => {
  function knob(initial: number): Knob<number> {
    let value = initial;
    return {
      id: "size:a",
      read: () => value,
      check: (wanted) => (typeof wanted === "number" && wanted > 0 ? undefined : "must be above 0"),
      change(wanted) {
        const before = value;
        value = wanted;
        return () => {
          value = before;
        };
      },
    };
  }

  it("are changed with an undo that works once, and tell their watchers", () => {
    const knobs = new Knobs();
    knobs.register(knob(1));
    const told: unknown[] = [];
    const stop = knobs.watch((change) => told.push(change));
    const undo = knobs.change("size:a", 5);
    expect([knobs.read("size:a"), knobs.has("size:a"), knobs.ids]).toEqual([5, true, ["size:a"]]);
    undo();
    undo();
    expect(knobs.read("size:a")).toBe(1);
    stop();
    knobs.change("size:a", 7);
    expect(told).toEqual([
      { knob: "size:a", from: 1, to: 5 },
      { knob: "size:a", from: 5, to: 1 },
    ]);
  });

  it("refuse unknown ids and wrong values and change nothing then", () => {
    const knobs = new Knobs();
    knobs.register(knob(1));
    expect(() => knobs.change("size:b", 5)).toThrow('did you mean "size:a"?');
    expect(() => knobs.read("other")).toThrow("no such knob is registered");
    expect(() => knobs.change("size:a", -5)).toThrow("must be above 0");
    expect(knobs.read("size:a")).toBe(1);
  });
});

describe("a fold", () => {
  it("runs over recorded events", () => {
    const count = { initial: () => 0, step: (state: number) => state + 1 };
    const event = { v: 1, type: "custom", runId: "r", path: "run", time: 0, name: "x", data: 1 } as const;
    expect(foldEvents(count, [event, event])).toBe(2);
  });
});

describe("the system runtime", () => {
  it("tells time that does not go back, unique ids, memory and set variables", async () => {
    const before = systemRuntime.monotonic();
    await systemRuntime.sleep(0);
    expect(systemRuntime.monotonic()).toBeGreaterThanOrEqual(before);
    expect(systemRuntime.now()).toBeGreaterThan(1_700_000_000_000);
    expect(systemRuntime.createId()).not.toBe(systemRuntime.createId());
    expect(systemRuntime.memory().heapUsedBytes).toBeGreaterThan(0);
    expect(systemRuntime.variable("FLOCK_NO_SUCH_VARIABLE")).toBeUndefined();
    expect(systemRuntime.variable("PATH")).toBeTypeOf("string");
    expect(systemRuntime.random()).toBeLessThan(1);
    const shared = systemRuntime.shared("test.shared", () => ({}));
    expect(systemRuntime.shared("test.shared", () => ({}))).toBe(shared);
    const timer = systemRuntime.setTimer(() => {}, 60_000);
    timer.unref();
    timer.ref();
    timer.cancel();
    await expect(systemRuntime.fetch("data:text/plain,hello").then((answer) => answer.text())).resolves.toBe("hello");
  });

  it("cuts a sleep at once when the signal aborts, with its own reason, and keeps no timer", async () => {
    const runtime = createTestRuntime();
    const controller = new AbortController();
    const sleeping = sleepOn(runtime, 1_000, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(runtime.sleep(5, controller.signal)).rejects.toBe(reason);
    expect(runtime.clock.pendingTimers).toBe(0);
    const waited = runtime.sleep(5, new AbortController().signal);
    await runtime.clock.advance(5);
    await waited;
  });
});

describe("the test runtime", () => {
  it("follows from its seed, and two share nothing", async () => {
    const [a, b, c] = [createTestRuntime({ seed: 7 }), createTestRuntime({ seed: 7 }), createTestRuntime({ seed: 8 })];
    const numbers = (runtime: typeof a) => Array.from({ length: 5 }, () => runtime.random());
    const first = numbers(a);
    expect(first).toEqual(numbers(b));
    expect(first).not.toEqual(numbers(c));
    expect(a.createId()).toBe(b.createId());
    a.shared("x", () => 1);
    expect(b.shared("x", () => 2)).toBe(2);
    a.warn("careful", "code");
    expect(a.warnings).toEqual([{ message: "careful", code: "code" }]);
    await expect(a.fetch("http://127.0.0.1")).rejects.toThrow("no network");
    expect(createTestRuntime({ variables: { A: "1", B: "" } }).variable("A")).toBe("1");
    expect(createTestRuntime({ variables: { B: "" } }).variable("B")).toBeUndefined();
    expect(a.memory().residentBytes).toBeGreaterThan(0);
  });

  it("calls timers in order of time and steps only the wall clock when told", async () => {
    const runtime = createTestRuntime();
    const called: string[] = [];
    runtime.setTimer(() => called.push("b"), 20);
    runtime.setTimer(() => called.push("a"), 10);
    const cancelled = runtime.setTimer(() => called.push("never"), 5);
    cancelled.ref();
    cancelled.unref();
    cancelled.cancel();
    const before = runtime.now();
    runtime.clock.stepWallClock(-1_000);
    await runtime.clock.advance(20);
    expect(called).toEqual(["a", "b"]);
    expect([runtime.now() - before, runtime.clock.elapsedMs, runtime.monotonic()]).toEqual([-980, 20, 20]);
  });
});
