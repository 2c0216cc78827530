/** One table of signatures for both parsers: the compiler checks each row's type, the run-time test its schema or error. */

import { z } from "zod";
import type { InferInput, InferOutput, SignatureText } from "../../src/signature/infer-signature.ts";
import { TypeRegistry } from "../../src/signature/type-registry.ts";

/** The names that rows may use. */
export const types = new TypeRegistry()
  .register("Finding", z.object({ text: z.string(), score: z.number().default(0) }))
  .register("Analysis", "{ summary: str, key_points: list[str], confidence?: float }")
  .register("Id", "str | int")
  .register("Pair", "tuple[Id, Analysis]")
  .register("Ns.Deep", "'x' | 'y'");
export type Types = (typeof types)["~types"];

export interface Finding {
  text: string;
  score: number;
}
export type Analysis = { summary: string; key_points: string[]; confidence?: number };

/** A type as an argument. */
export interface Phantom<T> {
  readonly type?: (value: T) => T;
}
export function of<T>(): Phantom<T> {
  return {};
}

export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export interface ValidRow {
  readonly text: string;
  /** The schema of each field by name, with `?` where the key may be absent. */
  readonly properties: Record<string, unknown>;
}
export interface InvalidRow {
  readonly text: string;
  /** Line and column of the complaint, as "1:4". */
  readonly at: string;
  /** Part of the message. */
  readonly says: string;
}

type Problem<S extends string, Expected> =
  SignatureText<S, Types> extends S
    ? Equal<InferOutput<S, Types>, Expected> extends true
      ? []
      : [problem: { infers: InferOutput<S, Types> }]
    : [problem: SignatureText<S, Types>];

/** A signature both parsers accept: its type on the output side, and the schema of its fields. */
export function good<const S extends string, Expected>(
  text: S,
  _type: Phantom<Expected>,
  properties: Record<string, unknown>,
  ..._problem: Problem<S, Expected>
): ValidRow {
  return { text, properties };
}

/** A signature both parsers refuse. */
export function bad<const S extends string>(
  text: S,
  at: string,
  says: string,
  ..._problem: SignatureText<S, Types> extends `[flock] ${string}` ? [] : [problem: { accepts: InferInput<S, Types> }]
): InvalidRow {
  return { text, at, says };
}

const str = { type: "string" };
const int = { type: "integer" };
const num = { type: "number" };
const bool = { type: "boolean" };
const nil = { type: "null" };
const any = {};
const date = { type: "string", format: "date" };
const datetime = { type: "string", format: "date-time" };
const list = (items: unknown) => ({ type: "array", items });
const set = (items: unknown) => ({ type: "array", items, uniqueItems: true });
const dict = (additionalProperties: unknown) => ({ type: "object", additionalProperties });
const tuple = (...prefixItems: unknown[]) => ({
  type: "array",
  prefixItems,
  items: false,
  minItems: prefixItems.length,
  maxItems: prefixItems.length,
});
const either = (...anyOf: unknown[]) => ({ anyOf });
const words = (...values: unknown[]) => ({ type: "string", enum: values });
const says = (schema: object, description: string) => ({ ...schema, description });
const obj = (properties: Record<string, unknown>, ...required: string[]) => ({
  type: "object",
  properties,
  ...(required.length > 0 ? { required } : {}),
  additionalProperties: false,
});
const finding = obj({ text: str, score: { ...num, default: 0 } }, "text", "score");
const analysis = obj({ summary: str, key_points: list(str), confidence: num }, "summary", "key_points");
const id = either(str, int);

export const valid: readonly ValidRow[] = [
  // Plain types, in both spellings
  good("a: str", of<{ a: string }>(), { a: str }),
  good("a: string", of<{ a: string }>(), { a: str }),
  good("a: int", of<{ a: number }>(), { a: int }),
  good("a: float", of<{ a: number }>(), { a: num }),
  good("a: number", of<{ a: number }>(), { a: num }),
  good("a: bool", of<{ a: boolean }>(), { a: bool }),
  good("a: boolean", of<{ a: boolean }>(), { a: bool }),
  good("a: any", of<{ a: unknown }>(), { a: any }),
  good("a: Any", of<{ a: unknown }>(), { a: any }),
  good("a: unknown", of<{ a: unknown }>(), { a: any }),
  good("a: None", of<{ a: null }>(), { a: nil }),
  good("a: null", of<{ a: null }>(), { a: nil }),
  good("a: date", of<{ a: string }>(), { a: date }),
  good("a: datetime", of<{ a: string }>(), { a: datetime }),

  // Lists
  good("a: list[str]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: List[int]", of<{ a: number[] }>(), { a: list(int) }),
  good("a: list<bool>", of<{ a: boolean[] }>(), { a: list(bool) }),
  good("a: Array<string>", of<{ a: string[] }>(), { a: list(str) }),
  good("a: str[]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: str[][]", of<{ a: string[][] }>(), { a: list(list(str)) }),
  good("a: str [ ]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: list [ str ]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: list", of<{ a: unknown[] }>(), { a: list(any) }),
  good("a: List", of<{ a: unknown[] }>(), { a: list(any) }),
  good("a: list[list[int]]", of<{ a: number[][] }>(), { a: list(list(int)) }),
  good("a: list[str][]", of<{ a: string[][] }>(), { a: list(list(str)) }),
  good("a: list[str | None]", of<{ a: (string | null)[] }>(), { a: list(either(str, nil)) }),
  good("a: (str | int)[]", of<{ a: (string | number)[] }>(), { a: list(either(str, int)) }),
  good("a: list[str,]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: list[any]", of<{ a: unknown[] }>(), { a: list(any) }),

  // Records
  good("a: dict[str, int]", of<{ a: Record<string, number> }>(), { a: dict(int) }),
  good("a: Dict[str, int]", of<{ a: Record<string, number> }>(), { a: dict(int) }),
  good("a: Record<string, number>", of<{ a: Record<string, number> }>(), { a: dict(num) }),
  good("a: dict<str,list[str]>", of<{ a: Record<string, string[]> }>(), { a: dict(list(str)) }),
  good("a: dict[int, str]", of<{ a: Record<string, string> }>(), { a: dict(str) }),
  good("a: dict", of<{ a: Record<string, unknown> }>(), { a: dict(any) }),
  good("a: Dict", of<{ a: Record<string, unknown> }>(), { a: dict(any) }),
  good("a: Record", of<{ a: Record<string, unknown> }>(), { a: dict(any) }),
  good("a: dict[str, dict[str, bool]]", of<{ a: Record<string, Record<string, boolean>> }>(), { a: dict(dict(bool)) }),
  good("a: dict[ str , int | None ]", of<{ a: Record<string, number | null> }>(), { a: dict(either(int, nil)) }),
  good("a: dict[str, int,]", of<{ a: Record<string, number> }>(), { a: dict(int) }),
  good("a: dict[str, any]", of<{ a: Record<string, unknown> }>(), { a: dict(any) }),

  // Sets and tuples
  good("a: set[str]", of<{ a: string[] }>(), { a: set(str) }),
  good("a: Set<int>", of<{ a: number[] }>(), { a: set(int) }),
  good("a: set", of<{ a: unknown[] }>(), { a: set(any) }),
  good("a: tuple[str, int]", of<{ a: [string, number] }>(), { a: tuple(str, int) }),
  good("a: tuple[str]", of<{ a: [string] }>(), { a: tuple(str) }),
  good("a: Tuple<str, int, bool>", of<{ a: [string, number, boolean] }>(), { a: tuple(str, int, bool) }),
  good("a: tuple[int, ...]", of<{ a: number[] }>(), { a: list(int) }),
  good("a: tuple[ str | None , ... ]", of<{ a: (string | null)[] }>(), { a: list(either(str, nil)) }),
  good("a: tuple[str, int,]", of<{ a: [string, number] }>(), { a: tuple(str, int) }),
  good("a: tuple", of<{ a: unknown[] }>(), { a: list(any) }),
  good("a: tuple[tuple[int, int], str][]", of<{ a: [[number, number], string][] }>(), {
    a: list(tuple(tuple(int, int), str)),
  }),

  // Optional values and unions
  good("a: Optional[str]", of<{ a: string | null }>(), { a: either(str, nil) }),
  good("a: Optional<list[str]>", of<{ a: string[] | null }>(), { a: either(list(str), nil) }),
  good("a: str | None", of<{ a: string | null }>(), { a: either(str, nil) }),
  good("a: string | null", of<{ a: string | null }>(), { a: either(str, nil) }),
  good("a: None | int", of<{ a: number | null }>(), { a: either(nil, int) }),
  good("a: Union[str, int]", of<{ a: string | number }>(), { a: either(str, int) }),
  good("a: Union<str, int, None>", of<{ a: string | number | null }>(), { a: either(str, int, nil) }),
  good("a: Union[str]", of<{ a: string }>(), { a: str }),
  good("a: str | int | bool", of<{ a: string | number | boolean }>(), { a: either(str, int, bool) }),
  good("a: str|int", of<{ a: string | number }>(), { a: either(str, int) }),
  good("a: str | str", of<{ a: string }>(), { a: str }),
  good("a: int | float", of<{ a: number }>(), { a: either(int, num) }),
  good("a: (str)", of<{ a: string }>(), { a: str }),
  good("a: ((str | int))", of<{ a: string | number }>(), { a: either(str, int) }),
  good("a: str | (int | None)", of<{ a: string | number | null }>(), { a: either(str, int, nil) }),
  good("a: Optional[Union[str, Optional[int]]]", of<{ a: string | number | null }>(), { a: either(str, int, nil) }),
  good("a: list[int] | int", of<{ a: number[] | number }>(), { a: either(list(int), int) }),
  good("a: int | list[int]", of<{ a: number[] | number }>(), { a: either(int, list(int)) }),
  good("a: int | int[]", of<{ a: number[] | number }>(), { a: either(int, list(int)) }),
  good("a: str | any", of<{ a: unknown }>(), { a: either(str, any) }),

  // Literals
  good("a: Literal['x']", of<{ a: "x" }>(), { a: words("x") }),
  good("a: Literal['x', 'y']", of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good('a: Literal["x", "y"]', of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good("a: Literal['a', 2]", of<{ a: "a" | 2 }>(), { a: { enum: ["a", 2] } }),
  good("a: Literal[1, 2, 3]", of<{ a: 1 | 2 | 3 }>(), { a: { type: "number", enum: [1, 2, 3] } }),
  good("a: Literal[-1, 0.5]", of<{ a: -1 | 0.5 }>(), { a: { type: "number", enum: [-1, 0.5] } }),
  good("a: Literal[True, False]", of<{ a: boolean }>(), { a: { type: "boolean", enum: [true, false] } }),
  good("a: Literal[true]", of<{ a: true }>(), { a: { type: "boolean", enum: [true] } }),
  good("a: Literal['x', None]", of<{ a: "x" | null }>(), { a: { enum: ["x", null] } }),
  good("a: Literal<'x', null>", of<{ a: "x" | null }>(), { a: { enum: ["x", null] } }),
  good("a: Literal[ 'x' , 'y' , ]", of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good("a: Literal['x, y', 'z]', '{|}']", of<{ a: "x, y" | "z]" | "{|}" }>(), { a: words("x, y", "z]", "{|}") }),
  good(`a: Literal["it's", 'say "hi"']`, of<{ a: "it's" | 'say "hi"' }>(), { a: words("it's", 'say "hi"') }),
  good("a: Literal['it\\'s']", of<{ a: "it's" }>(), { a: words("it's") }),
  good("a: Literal['']", of<{ a: "" }>(), { a: words("") }),
  good("a: Literal['x', 'x']", of<{ a: "x" }>(), { a: words("x") }),
  good("a: 'x'", of<{ a: "x" }>(), { a: words("x") }),
  good("a: 'x' | 'y'", of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good("a: 'x' | 'y' | None", of<{ a: "x" | "y" | null }>(), { a: either(words("x", "y"), nil) }),
  good("a: 'x'|'y'", of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good("a: ('x' | 'y')[]", of<{ a: ("x" | "y")[] }>(), { a: list(words("x", "y")) }),
  good("a: 'with space' | 'and, comma'", of<{ a: "with space" | "and, comma" }>(), {
    a: words("with space", "and, comma"),
  }),
  good("a: list[Literal['x', 'y']]", of<{ a: ("x" | "y")[] }>(), { a: list(words("x", "y")) }),
  good("a: int | 'auto'", of<{ a: number | "auto" }>(), { a: either(int, words("auto")) }),
  good("a: 'x' | Literal['y', 2]", of<{ a: "x" | "y" | 2 }>(), { a: { enum: ["x", "y", 2] } }),

  // Objects
  good("a: { b: str }", of<{ a: { b: string } }>(), { a: obj({ b: str }, "b") }),
  good("a: {b: str, c: int}", of<{ a: { b: string; c: number } }>(), { a: obj({ b: str, c: int }, "b", "c") }),
  good("a: { b?: str }", of<{ a: { b?: string } }>(), { a: obj({ b: str }) }),
  good("a: { title: str, pages?: int }", of<{ a: { title: string; pages?: number } }>(), {
    a: obj({ title: str, pages: int }, "title"),
  }),
  good("a: { b: { c: { d: bool } } }", of<{ a: { b: { c: { d: boolean } } } }>(), {
    a: obj({ b: obj({ c: obj({ d: bool }, "d") }, "c") }, "b"),
  }),
  good("a: { b: str }[]", of<{ a: { b: string }[] }>(), { a: list(obj({ b: str }, "b")) }),
  good("a: list[{ b: str, c: list[int] }]", of<{ a: { b: string; c: number[] }[] }>(), {
    a: list(obj({ b: str, c: list(int) }, "b", "c")),
  }),
  good("a: { b, c }", of<{ a: { b: string; c: string } }>(), { a: obj({ b: str, c: str }, "b", "c") }),
  good("a: { b: str, }", of<{ a: { b: string } }>(), { a: obj({ b: str }, "b") }),
  good("a: { b: str } | None", of<{ a: { b: string } | null }>(), { a: either(obj({ b: str }, "b"), nil) }),
  good("a: str | { b: int }", of<{ a: string | { b: number } }>(), { a: either(str, obj({ b: int }, "b")) }),
  good("a: dict[str, { b: int }]", of<{ a: Record<string, { b: number }> }>(), { a: dict(obj({ b: int }, "b")) }),
  good("a: { b: str | the b, c: int | the c }", of<{ a: { b: string; c: number } }>(), {
    a: obj({ b: says(str, "the b"), c: says(int, "the c") }, "b", "c"),
  }),
  good('a: { b: str | "with } and , inside" }', of<{ a: { b: string } }>(), {
    a: obj({ b: says(str, "with } and , inside") }, "b"),
  }),
  good("a: { b | the b } | the a", of<{ a: { b: string } }>(), {
    a: says(obj({ b: says(str, "the b") }, "b"), "the a"),
  }),
  good("a: { b: str | odd ] ) > | text }, c: int", of<{ a: { b: string }; c: number }>(), {
    a: obj({ b: says(str, "odd ] ) > | text") }, "b"),
    c: int,
  }),

  // Registered names
  good("a: Finding", of<{ a: Finding }>(), { a: finding }),
  good("a: list[Finding]", of<{ a: Finding[] }>(), { a: list(finding) }),
  good("a: Finding[]", of<{ a: Finding[] }>(), { a: list(finding) }),
  good("a: Finding | None", of<{ a: Finding | null }>(), { a: either(finding, nil) }),
  good("a: str | Finding", of<{ a: string | Finding }>(), { a: either(str, finding) }),
  good("a: Analysis", of<{ a: Analysis }>(), { a: analysis }),
  good("a: Analysis | what came of it", of<{ a: Analysis }>(), { a: says(analysis, "what came of it") }),
  good("a: Id", of<{ a: string | number }>(), { a: id }),
  good("a: Pair", of<{ a: [string | number, Analysis] }>(), { a: tuple(id, analysis) }),
  good("a: Ns.Deep", of<{ a: "x" | "y" }>(), { a: words("x", "y") }),
  good("a: dict[str, Ns.Deep]", of<{ a: Record<string, "x" | "y"> }>(), { a: dict(words("x", "y")) }),
  good("a: { b: Id, c?: Analysis }", of<{ a: { b: string | number; c?: Analysis } }>(), {
    a: obj({ b: id, c: analysis }, "b"),
  }),
  good("a: str | Id", of<{ a: string | number }>(), { a: either(str, id) }),

  // Several fields, optional keys, fields without a type
  good("a: str, b: int", of<{ a: string; b: number }>(), { a: str, b: int }),
  good("a:str,b:int,c:bool", of<{ a: string; b: number; c: boolean }>(), { a: str, b: int, c: bool }),
  good("a?: str", of<{ a?: string }>(), { "a?": str }),
  good("a?: str, b: int", of<{ a?: string; b: number }>(), { "a?": str, b: int }),
  good("a?: str | None", of<{ a?: string | null }>(), { "a?": either(str, nil) }),
  good("a ?: str", of<{ a?: string }>(), { "a?": str }),
  good("a? : str", of<{ a?: string }>(), { "a?": str }),
  good("a", of<{ a: string }>(), { a: str }),
  good("a?", of<{ a?: string }>(), { "a?": str }),
  good("question, context", of<{ question: string; context: string }>(), { question: str, context: str }),
  good("a, b: int, c", of<{ a: string; b: number; c: string }>(), { a: str, b: int, c: str }),
  good("a | the text", of<{ a: string }>(), { a: says(str, "the text") }),
  good("a | int", of<{ a: string }>(), { a: says(str, "int") }),
  good("a | None, b: int", of<{ a: string; b: number }>(), { a: says(str, "None"), b: int }),
  good("a | Capital", of<{ a: string }>(), { a: says(str, "Capital") }),
  good('a | "quoted, too", b', of<{ a: string; b: string }>(), { a: says(str, "quoted, too"), b: str }),
  good("a? | may be absent", of<{ a?: string }>(), { "a?": says(str, "may be absent") }),
  good("a: str,", of<{ a: string }>(), { a: str }),
  good("a: str, b: int, ", of<{ a: string; b: number }>(), { a: str, b: int }),
  good("_a: str, b_1: int, C: bool", of<{ _a: string; b_1: number; C: boolean }>(), { _a: str, b_1: int, C: bool }),
  good("user.name: str, user.age: int", of<{ "user.name": string; "user.age": number }>(), {
    "user.name": str,
    "user.age": int,
  }),
  good("größe: int", of<{ größe: number }>(), { größe: int }),
  good("名前: str", of<{ 名前: string }>(), { 名前: str }),
  good("toString: str, valueOf: int", of<{ toString: string; valueOf: number }>(), { toString: str, valueOf: int }),
  good("str: str, list: list[str]", of<{ str: string; list: string[] }>(), { str: str, list: list(str) }),

  // What comes after a bar: rule 1, double quotes
  good('a: str | "the text"', of<{ a: string }>(), { a: says(str, "the text") }),
  good('a: str | "one, two | three"', of<{ a: string }>(), { a: says(str, "one, two | three") }),
  good('a: str | "Word"', of<{ a: string }>(), { a: says(str, "Word") }),
  good('a: str | "int"', of<{ a: string }>(), { a: says(str, "int") }),
  good('a: str | "say \\"hi\\", b: int", c: int', of<{ a: string; c: number }>(), {
    a: says(str, 'say "hi", b: int'),
    c: int,
  }),
  good('a: str | ""', of<{ a: string }>(), { a: str }),
  good('a: str|"x",b:int', of<{ a: string; b: number }>(), { a: says(str, "x"), b: int }),
  good('a: str | None | "maybe"', of<{ a: string | null }>(), { a: says(either(str, nil), "maybe") }),
  // Rule 2, a known type
  good("a: int | any, b: str", of<{ a: unknown; b: string }>(), { a: either(int, any), b: str }),
  good("a: str | date", of<{ a: string }>(), { a: either(str, date) }),
  good("a: str | date | the day", of<{ a: string }>(), { a: says(either(str, date), "the day") }),
  good("a: str | date of birth", of<{ a: string }>(), { a: says(str, "date of birth") }),
  good("a: str | any text you like", of<{ a: string }>(), { a: says(str, "any text you like") }),
  good("a: str | list of names", of<{ a: string }>(), { a: says(str, "list of names") }),
  good("a: str | int.", of<{ a: string }>(), { a: says(str, "int.") }),
  good("a: str | list", of<{ a: string | unknown[] }>(), { a: either(str, list(any)) }),
  good("a: str | (int)", of<{ a: string | number }>(), { a: either(str, int) }),
  good("a: str | (optional) the name", of<{ a: string }>(), { a: says(str, "(optional) the name") }),
  good("a: str | (any text)", of<{ a: string }>(), { a: says(str, "(any text)") }),
  // Rule 3, must be a type
  good("a: str | Finding, b", of<{ a: string | Finding; b: string }>(), { a: either(str, finding), b: str }),
  good("a: str | list[int] | some words", of<{ a: string | number[] }>(), {
    a: says(either(str, list(int)), "some words"),
  }),
  good("a: str | Optional[int]", of<{ a: string | number | null }>(), { a: either(str, int, nil) }),
  good("a: str | 'x' | or x", of<{ a: string }>(), { a: says(either(str, words("x")), "or x") }),
  // Rule 4, the description
  good("a: str | what to research", of<{ a: string }>(), { a: says(str, "what to research") }),
  good("a: str | word", of<{ a: string }>(), { a: says(str, "word") }),
  good("a: str | Two words", of<{ a: string }>(), { a: says(str, "Two words") }),
  good("a: str | what, b: int", of<{ a: string; b: number }>(), { a: says(str, "what"), b: int }),
  good("a: str | odd } ] ) | ' \" -> : text, b", of<{ a: string; b: string }>(), {
    a: says(str, "odd } ] ) | ' \" -> : text"),
    b: str,
  }),
  good("a: str | 3 items", of<{ a: string }>(), { a: says(str, "3 items") }),
  good("a: str | émile", of<{ a: string }>(), { a: says(str, "émile") }),
  good("a: str | 日本", of<{ a: string }>(), { a: says(str, "日本") }),
  good("a: str | <b>", of<{ a: string }>(), { a: says(str, "<b>") }),
  good("a: list[str] | the names", of<{ a: string[] }>(), { a: says(list(str), "the names") }),
  good("a: int | None | how many", of<{ a: number | null }>(), { a: says(either(int, nil), "how many") }),

  // Space and line ends
  good("  a  :  str  ", of<{ a: string }>(), { a: str }),
  good("\n  a: str,\n  b: int,\n", of<{ a: string; b: number }>(), { a: str, b: int }),
  good("\ta: str\r\n,\r\n\tb: int", of<{ a: string; b: number }>(), { a: str, b: int }),
  good(
    `
      topic: str | what to research,
      depth?: int | how deep,
      style: 'short'
        | 'long'
    `,
    of<{ topic: string; depth?: number; style: "short" | "long" }>(),
    { topic: says(str, "what to research"), "depth?": says(int, "how deep"), style: words("short", "long") },
  ),
  good("a: str | one\n   two, b", of<{ a: string; b: string }>(), { a: says(str, "one two"), b: str }),
  good("a:\n  list[\n    str\n  ]", of<{ a: string[] }>(), { a: list(str) }),
  good("a: {\n  b: str,\n  c: int\n}", of<{ a: { b: string; c: number } }>(), { a: obj({ b: str, c: int }, "b", "c") }),

  // Longer ones
  good(
    "title: str | the headline, tags: list[str], score: float | 0 to 1, level: Literal['low', 'high'], notes?: str",
    of<{ title: string; tags: string[]; score: number; level: "low" | "high"; notes?: string }>(),
    {
      title: says(str, "the headline"),
      tags: list(str),
      score: says(num, "0 to 1"),
      level: words("low", "high"),
      "notes?": str,
    },
  ),
  good(
    "items: { name: string, price: number | null, tags: string[] }[], total: number",
    of<{ items: { name: string; price: number | null; tags: string[] }[]; total: number }>(),
    { items: list(obj({ name: str, price: either(num, nil), tags: list(str) }, "name", "price", "tags")), total: num },
  ),
];

export const invalid: readonly InvalidRow[] = [
  // Nothing there
  bad("", "1:1", "a field name"),
  bad("   ", "1:4", "a field name"),
  bad(",", "1:1", "a field name"),
  bad("a: str,, b", "1:8", "a field name"),
  bad(", a", "1:1", "a field name"),
  bad("a:", "1:3", "a type"),
  bad("a: ,", "1:4", "a type"),
  bad(": str", "1:1", "a field name"),
  bad("?: str", "1:1", "a field name"),
  bad("a: { }", "1:6", "a field name"),
  bad("a: {}", "1:5", "a field name"),

  // Unknown types, with what was meant
  bad("titel: strr", "1:8", "did you mean 'str'?"),
  bad("a: integer", "1:4", "did you mean 'int'?"),
  bad("a: String", "1:4", "did you mean 'string'?"),
  bad("a: boolen", "1:4", "did you mean 'boolean'?"),
  bad("a: text", "1:4", "did you mean 'str'?"),
  bad("a: object", "1:4", "did you mean 'dict'?"),
  bad("a: list[strng]", "1:9", "did you mean 'string'?"),
  bad("a: dict[str, flaot]", "1:14", "did you mean 'float'?"),
  bad("a: Lst[int]", "1:4", "did you mean 'List'?"),
  bad("a: Findng", "1:4", "did you mean 'Finding'?"),
  bad("a: list[Anlysis]", "1:9", "did you mean 'Analysis'?"),
  bad("a: Zebra", "1:4", "must be registered"),
  bad("a: { b: { c: wat } }", "1:14", "unknown type 'wat'"),
  bad("a: str, b: { c: list[zzz] }", "1:22", "unknown type 'zzz'"),
  bad("a: 5", "1:4", "Literal[5]"),
  bad("a: true", "1:4", "Literal[true]"),
  bad("a: 1 | 2", "1:4", "Literal[1]"),
  bad("a: str b", "1:8", "found 'b'"),
  bad("a: strb, c", "1:4", "unknown type 'strb'"),

  // Names
  bad("a: str, a: int", "1:9", "not used yet"),
  bad("a, a", "1:4", "not used yet"),
  bad("a: { b: str, b: int }", "1:14", "not used yet"),
  bad("1a: str", "1:1", "starts with a letter"),
  bad(".a: str", "1:1", "starts with a letter"),
  bad("a-b: str", "1:2", "after the field name"),
  bad("a b: str", "1:3", "after the field name"),
  bad("a!: str", "1:2", "after the field name"),
  bad("$a: str", "1:1", "a field name"),
  bad("a??: str", "1:3", "after the field name"),
  bad("'a': str", "1:1", "a field name"),
  bad("__proto__: str", "1:1", "choose another name"),
  bad("constructor: str", "1:1", "choose another name"),
  bad("a: { prototype: str }", "1:6", "choose another name"),
  bad("{ a: str }", "1:1", "leave out the outer braces"),
  bad("[a: str]", "1:1", "a field name"),
  bad("a = 'x'", "1:3", "after the field name"),
  bad("a: str = 'x'", "1:8", "found '='"),
  bad("a; b", "1:2", "after the field name"),
  bad("a: str; b: int", "1:7", "found ';'"),

  // Arrows
  bad("question -> answer", "1:10", "'input'"),
  bad("question: str -> answer: str", "1:15", "'output'"),
  bad("-> answer", "1:1", "'input'"),
  bad("a: -> b", "1:4", "'input'"),
  bad("a, b -> c", "1:6", "'output'"),
  bad("a: list[str] -> b: int", "1:14", "'output'"),

  // Brackets
  bad("a: list[str", "1:12", "']'"),
  bad("a: list[str, b: int", "1:14", "only one type"),
  bad("a: list<str", "1:12", "'>'"),
  bad("a: list[str>", "1:12", "']'"),
  bad("a: list<str]", "1:12", "'>'"),
  bad("a: str]", "1:7", "found ']'"),
  bad("a: str)", "1:7", "found ')'"),
  bad("a: str}", "1:7", "found '}'"),
  bad("a: (str", "1:8", "')'"),
  bad("a: ()", "1:5", "a type"),
  bad("a: { b: str", "1:12", "'}'"),
  bad("a: { b: str, ", "1:14", "'}'"),
  bad("a: { b", "1:7", "'}'"),
  bad("a: list[]", "1:9", "a type"),
  bad("a: str[int]", "1:8", "']'"),
  bad("a: str[", "1:8", "']'"),
  bad("a: [str, int]", "1:4", "tuple[A, B]"),
  bad("a: [str]", "1:4", "list[T]"),

  // Generics
  bad("a: list[str, int]", "1:14", "only one type"),
  bad("a: set[str, int]", "1:13", "only one type"),
  bad("a: Optional[str, int]", "1:18", "only one type"),
  bad("a: Optional", "1:12", "'['"),
  bad("a: Union", "1:9", "'['"),
  bad("a: Literal", "1:11", "'['"),
  bad("a: dict[str]", "1:12", "','"),
  bad("a: dict[]", "1:9", "'str'"),
  bad("a: dict[list[str], int]", "1:9", "'str'"),
  bad("a: dict['x', int]", "1:9", "fixed keys"),
  bad("a: dict[str, int, bool]", "1:19", "']'"),
  bad("a: tuple[]", "1:10", "a type"),
  bad("a: tuple[...]", "1:10", "a type"),
  bad("a: tuple[str, int, ...]", "1:20", "a type"),
  bad("a: tuple[str, ..., int]", "1:18", "']'"),
  bad("a: list[str, ...]", "1:14", "only one type"),
  bad("a: Union[]", "1:10", "a type"),
  bad("a: Union[str, ...]", "1:15", "a type"),
  bad("a: Optional[str, ...]", "1:18", "only one type"),
  bad("a: list[| str]", "1:9", "a type"),
  bad("a: list[str |]", "1:14", "a type"),

  // Literals
  bad("a: Literal[]", "1:12", "a value in quotes"),
  bad("a: Literal[x]", "1:12", "text needs quotes"),
  bad("a: Literal['x' 'y']", "1:16", "']'"),
  bad("a: Literal['x'", "1:15", "']'"),
  bad("a: Literal['x", "1:14", "'"),
  bad("a: Literal[1.50]", "1:12", "did you mean '1.5'?"),
  bad("a: Literal[007]", "1:12", "did you mean '7'?"),
  bad("a: Literal[1e3]", "1:12", "did you mean '1000'?"),
  bad("a: Literal[0x10]", "1:12", "did you mean '16'?"),
  bad("a: Literal['x', , 'y']", "1:17", "a value in quotes"),
  bad("a: 'x", "1:6", "'"),
  bad("a: 'x' 'y'", "1:8", "found '''"),
  bad('a: "x"', "1:4", "single quotes"),
  bad('a: list["x"]', "1:9", "single quotes"),

  // After a bar
  bad("a: str |", "1:9", "a description or a type"),
  bad("a: str | , b", "1:10", "a description or a type"),
  bad("a: { b: str | }", "1:15", "a description or a type"),
  bad("a |", "1:4", "a description or a type"),
  bad("a | , b", "1:5", "a description or a type"),
  bad("a: | str", "1:4", "a type"),
  bad("a: str | Zebra", "1:10", "double quotes"),
  bad("a: str | Topic, b", "1:10", "double quotes"),
  bad("a: str | N/A", "1:10", "double quotes"),
  bad("a: str | 'quoted' text", "1:19", "double quotes"),
  bad("a: str | {odd text}", "1:15", "':'"),
  bad("a: str | list[of names]", "1:15", "double quotes"),
  bad("a: str | list [of] names", "1:16", "double quotes"),
  bad("a: str | int[] of them", "1:16", "double quotes"),
  bad("a: str | any<b>", "1:13", "double quotes"),
  bad("a: str | None}", "1:14", "double quotes"),
  bad("a: str | Finding], b", "1:17", "double quotes"),
  bad("a: str | (int) or so", "1:16", "double quotes"),
  bad("a: str | Lst[int]", "1:10", "did you mean 'List'?"),
  bad('a: str | "no end', "1:17", "the description"),
  bad('a: str | "x" y', "1:14", "after the description"),
  bad('a: str | "x" | int', "1:14", "after the description"),
  bad('a | "x" y', "1:9", "after the description"),

  // Further lines
  bad("a: str\nb: int", "2:1", "found 'b'"),
  bad("a: str,\n  b: wat,\n  c: int", "2:6", "unknown type 'wat'"),
  bad("a: {\n  b: str\n  c: int\n}", "3:3", "found 'c'"),
  bad("a: str // text", "1:8", "found '/'"),
  bad("a: str # text", "1:8", "found '#'"),
];
