import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FlockErrorCode, isFlockError } from "../../src/core/errors/errors.ts";
import { parseModelOutput } from "../../src/prompt/read/parse-model-output.ts";
import { readAnswer } from "../../src/prompt/read/read-answer.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";

function failure<Code extends FlockErrorCode>(code: Code, run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isFlockError(error, code)) return error;
    throw error;
  }
  throw new Error(`expected ${code}`);
}

describe("parseModelOutput", () => {
  it("reads a text as it is without signature and schema", () => {
    expect(parseModelOutput('{"a": "3",}')).toEqual({ a: "3" });
  });

  it("bends near misses to the signature", () => {
    const signature = "count: int, ok: bool, tags: list[str]";
    expect(parseModelOutput("{count: '3', ok: yes, tags: one}", { signature })).toEqual({
      count: 3,
      ok: true,
      tags: ["one"],
    });
  });

  it("knows registered types", () => {
    const types = new TypeRegistry().register("Point", "{ x: float, y: float }");
    expect(parseModelOutput('{"at": {"x": "1", "y": 2}}', { signature: "at: Point", types })).toEqual({
      at: { x: 1, y: 2 },
    });
  });

  it("gives the candidate that fits the signature, not the longest", () => {
    const text = 'For example {"name": "x", "other": [1, 2, 3, 4]} but here {"title": "t"} [and so on, and on, and on]';
    expect(parseModelOutput(text, { signature: "title: str" })).toEqual({ title: "t" });
  });

  it.each([
    ["an object encoded as a string", '"{\\"title\\": \\"t\\"}"'],
    ["an object encoded as a string, cut off", '"{\\"title\\": \\"t\\""'],
    ["a list of one", '[{"title": "t"}]'],
    ["an object in a single key", '{"result": {"title": "t"}}'],
    ["all of that at once", '{"answer": ["{\\"title\\": \\"t\\"}"]}'],
    ["the bare value of the only field", '"t"'],
  ])("opens %s", (_, text) => {
    expect(parseModelOutput(text, { signature: "title: str" })).toEqual({ title: "t" });
  });

  it("takes a bare list for an only list field, but no prose for an only text field", () => {
    expect(parseModelOutput("[1, 2]", { signature: "numbers: list[int]" })).toEqual({ numbers: [1, 2] });
    failure("output_unreadable", () => parseModelOutput("I would rather not.", { signature: "title: str" }));
  });

  it("lists every issue with its pointer", () => {
    const text = '{"items": [{"n": 1}, {"n": "many"}], "extra": 1}';
    const error = failure("output_invalid", () =>
      parseModelOutput(text, { signature: "items: list[{ n: int }], title: str" }),
    );
    const pointers = error.details.issues.map((issue) => issue.pointer);
    expect(pointers).toContain("/items/1/n");
    expect(pointers).toContain("/title");
    expect(error.details.pointer).toBe(error.details.issues[0]?.pointer);
    expect(error.message).toContain(error.details.pointer);
  });

  it("reports the issues of the reading that fits best", () => {
    const text = '{"a": "x", "b": "y", "c": "z"} or {"count": "many", "ok": true}';
    const error = failure("output_invalid", () => parseModelOutput(text, { signature: "count: int, ok: bool" }));
    expect(error.details.pointer).toBe("/count");
  });

  it("shortens a long list of issues in the message", () => {
    const error = failure("output_invalid", () =>
      parseModelOutput("{}", { signature: "a: int, b: int, c: int, d: int, e: int" }),
    );
    expect(error.message).toContain("and 2 more");
    expect(error.details.issues).toHaveLength(5);
  });

  it("refuses repairs when strict", () => {
    const options = { signature: "title: str", strict: true } as const;
    expect(parseModelOutput('{"title": "t"}', options)).toEqual({ title: "t" });
    failure("output_unreadable", () => parseModelOutput('```json\n{"title": "t"}\n```', options));
    failure("output_invalid", () => parseModelOutput('{"result": {"other": 1}}', options));
  });

  it("gives what is there when partial, checked once it is whole", () => {
    const options = { signature: "title: str, count: int", partial: true } as const;
    expect(parseModelOutput('{"title": "long', options)).toEqual({ title: "long" });
    expect(parseModelOutput('{"title": "long", "count": "3"}', options)).toEqual({ title: "long", count: 3 });
    failure("output_unreadable", () => parseModelOutput("still thinking", options));
  });

  it("takes a parsed signature or a Standard Schema as schema", () => {
    expect(parseModelOutput("{n: '1'}", { schema: parseSignature("n: int") })).toEqual({ n: 1 });
    expect(parseModelOutput("{n: 1}", { schema: z.object({ n: z.number() }) })).toEqual({ n: 1 });
    const error = failure("output_invalid", () =>
      parseModelOutput("{n: true, m: 1}", { schema: z.object({ n: z.number().min(5) }) }),
    );
    expect(error.details.pointer).toBe("/n");
  });

  it("bends and checks by a JSON Schema, also of a list", () => {
    const schema = { type: "array", items: { type: "integer", minimum: 2 } } as const;
    expect(parseModelOutput("```\n['2', 3,]\n```", { schema })).toEqual([2, 3]);
    const error = failure("output_invalid", () => parseModelOutput("[2, '1']", { schema }));
    expect(error.details.pointer).toBe("/1");
    expect(parseModelOutput('{"a": 1, "more": true}', { schema: { type: "object" } })).toEqual({ a: 1, more: true });
    failure("output_invalid", () => parseModelOutput('"x"', { schema: { type: "object", properties: {} } }));
  });

  it("says how to use a schema that checks asynchronously", () => {
    const schema = v.pipeAsync(
      v.object({ n: v.number() }),
      v.checkAsync(async () => true, "never"),
    );
    const types = new TypeRegistry().register("Slow", schema, { jsonSchema: { type: "object" } });
    failure("type_invalid", () => parseModelOutput('{"slow": {"n": 1}}', { signature: "slow: Slow", types }));
  });

  it.each([
    [() => parseModelOutput(undefined as never), "text"],
    [() => parseModelOutput("1", { signatur: "a: int" } as never), "signatur"],
    [() => parseModelOutput("1", { strict: "yes" } as never), "strict"],
    [() => parseModelOutput("1", { signature: "a: int", schema: {} }), "schema"],
  ])("refuses wrong options", (run, option) => {
    expect(failure("option_invalid", run).details.option).toBe(option);
  });
});

describe("readAnswer", () => {
  const asyncTypes = new TypeRegistry().register(
    "Even",
    v.pipeAsync(
      v.object({ n: v.number() }),
      v.checkAsync(async ({ n }) => n % 2 === 0, "must be even"),
    ),
    { jsonSchema: { type: "object" } },
  );

  it("gives a promise only where a registered schema checks asynchronously", async () => {
    expect(readAnswer('{"a": 1}', parseSignature("a: int"))).toEqual({ ok: true, value: { a: 1 } });
    const shape = parseSignature("even: Even, label: str", { types: asyncTypes });
    const pending = readAnswer('{"even": {"n": 2}, "label": "x"}', shape);
    expect(pending).toBeInstanceOf(Promise);
    expect(await pending).toEqual({ ok: true, value: { even: { n: 2 }, label: "x" } });
  });

  it("tries further candidates after an asynchronous refusal, and gives the issues when none fits", async () => {
    const shape = parseSignature("even: Even, label: str", { types: asyncTypes });
    const one = '{"even": {"n": 1}, "label": "a longer text"}';
    expect(await readAnswer(`${one} then {"even": {"n": 4}, "label": "x"}`, shape)).toEqual({
      ok: true,
      value: { even: { n: 4 }, label: "x" },
    });
    expect(await readAnswer(one, shape)).toMatchObject({ ok: false, error: { code: "output_invalid" } });
  });

  it("drops unsafe keys of an object encoded as a string, however they are spelled", () => {
    const text = JSON.stringify('{"a": {"constructor": 1, "b": 2}, "__proto__": {}, "\\u0070rototype": 3}');
    expect(parseModelOutput(text, { schema: { type: "object", properties: { a: { type: "object" } } } })).toEqual({
      a: { b: 2 },
    });
  });
});
