/**
 * The parser's twin in the type system: reads the same text by the same rules, so that a wrong signature is an error in the
 * editor and a right one gives its values' types. Each step here has its runtime step in parse-type.ts and bar-rule.ts.
 *
 * Readers return `[type, rest of the text]`, or `Wrong<sentence>`. Text is never walked character by character: the next
 * delimiter is found by inference, which keeps the cost low.
 */

/** The TypeScript type of values on the input side of a signature. */
export type InferInput<S extends string, Types = {}> = Infer<S, Side<Types, "input">>;

/** The TypeScript type of values on the output side of a signature. */
export type InferOutput<S extends string, Types = {}> = Infer<S, Side<Types, "output">>;

/** A parameter's type: the signature itself when it can be read, else the sentence that says what is wrong with it. */
export type SignatureText<S extends string, Types = {}> = string extends S
  ? S
  : Read<S, Side<Types, "output">> extends Wrong<infer M>
    ? `[flock] ${M}`
    : S;

/** Whether a lone value may stand for the whole input: one field, whose type has no object, record, any or registered name. */
export type AllowsBareValue<S extends string, Types = {}> = string extends S
  ? false
  : Read<S, Opaque<Types>> extends [infer Fields, string]
    ? HasOneKey<Fields> extends true
      ? IsBare<Fields[keyof Fields]>
      : false
    : false;

/** What may be given as input: the object, or also the lone value where {@link AllowsBareValue} says so. */
export type BareInput<S extends string, Types = {}> =
  AllowsBareValue<S, Types> extends true
    ? InferInput<S, Types> | Exclude<InferInput<S, Types>[keyof InferInput<S, Types>], undefined>
    : InferInput<S, Types>;

/** The input type of a single type of the grammar, as given to a registry. */
export type InferTypeInput<S extends string, Types = {}> = InferType<S, Side<Types, "input">>;

/** The output type of a single type of the grammar. */
export type InferTypeOutput<S extends string, Types = {}> = InferType<S, Side<Types, "output">>;

/** A parameter's type: the type text itself when it can be read, else the sentence that says what is wrong with it. */
export type TypeText<S extends string, Types = {}> = string extends S
  ? S
  : ReadType<S, Side<Types, "output">> extends Wrong<infer M>
    ? `[flock] ${M}`
    : S;

type Infer<S extends string, X> = string extends S
  ? Record<string, unknown>
  : Read<S, X> extends [infer Fields, string]
    ? Fields
    : never;
type InferType<S extends string, X> = string extends S ? unknown : ReadType<S, X> extends [infer T, string] ? T : never;

type Read<S extends string, X> = Fields<S, X, "", {}>;
type ReadType<S extends string, X> =
  Members<TrimLeft<S>, X> extends infer M
    ? M extends [unknown, infer R extends string]
      ? R extends ""
        ? M
        : Wrong<`expected '|' or the end of the type, found '${Word<R>}'`>
      : M
    : never;

/** The names of one side. One object for all empty registries, so that the compiler remembers what it has read. */
type Side<Types, Which extends "input" | "output"> = keyof Types extends never
  ? {}
  : { [K in keyof Types]: Types[K] extends { readonly [W in Which]: infer T } ? T : unknown };
/** All registered names as objects: whatever they are, they take no lone value. */
type Opaque<Types> = keyof Types extends never ? {} : { [K in keyof Types]: object };

type HasOneKey<T, K = keyof T> = [K] extends [never]
  ? false
  : K extends unknown
    ? [keyof T] extends [K]
      ? true
      : false
    : never;
type IsBare<T> = unknown extends T
  ? false
  : true extends (T extends readonly unknown[] ? false : T extends object ? true : false)
    ? false
    : true;

/** What is wrong, as a sentence. */
interface Wrong<M extends string> {
  readonly wrong: M;
}

interface Plain {
  str: string;
  string: string;
  int: number;
  float: number;
  number: number;
  bool: boolean;
  boolean: boolean;
  any: unknown;
  Any: unknown;
  unknown: unknown;
  None: null;
  null: null;
  date: string;
  datetime: string;
}
interface Generics {
  list: "list";
  List: "list";
  Array: "list";
  set: "list";
  Set: "list";
  tuple: "tuple";
  Tuple: "tuple";
  dict: "record";
  Dict: "record";
  Record: "record";
  Optional: "optional";
  Union: "union";
  Literal: "literal";
}
interface Bare {
  list: unknown[];
  tuple: unknown[];
  record: Record<string, unknown>;
}
type KeyName = "str" | "string" | "int" | "float" | "number" | "date" | "datetime" | "any" | "Any" | "unknown";

type Space = " " | "\n" | "\t" | "\r";
type TrimLeft<S extends string> = S extends ` ${infer R}`
  ? TrimLeft<R>
  : S extends `${"\n" | "\t" | "\r"}${infer R}`
    ? TrimLeft<R>
    : S;
type TrimRight<S extends string> = S extends `${infer R}${Space}` ? TrimRight<R> : S;

/** The text before the first `D`, or all of it. */
type Until<S extends string, D extends string> = S extends `${infer A}${D}${string}` ? A : S;
/** The text without its beginning `A`. */
type After<S extends string, A extends string> = S extends `${A}${infer R}` ? R : "";

type WordEnd = Space | "," | "|" | "[" | "]" | "<" | ">" | "(" | ")" | "{" | "}" | "'" | '"' | ":" | "-";
/** The word at the beginning: inference finds the text before each kind of delimiter, the one without any is the word. */
type Word<S extends string> = S extends `${infer W}${WordEnd}${string}` ? Shortest<W> : S;
type Shortest<W extends string> = W extends `${string}${WordEnd}${string}` ? never : W;

type NotInName =
  | WordEnd
  | "?"
  | "!"
  | "@"
  | "#"
  | "$"
  | "%"
  | "^"
  | "&"
  | "*"
  | "+"
  | "="
  | "~"
  | "`"
  | ";"
  | "/"
  | "\\";
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Forbidden = "__proto__" | "constructor" | "prototype";

/** Reads fields up to the end of the text, or (inside braces) up to the `}`. Tail-recursive over the fields. */
type Fields<S extends string, X, End extends string, Acc> =
  TrimLeft<S> extends infer T extends string
    ? T extends `${infer N}:${infer R}`
      ? N extends `${infer M}?`
        ? M extends `${string}${NotInName}${string}`
          ? LooseField<T, X, End, Acc>
          : TypedField<M, "?", TrimLeft<R>, X, End, Acc>
        : N extends `${string}${NotInName}${string}`
          ? LooseField<T, X, End, Acc>
          : TypedField<N, "", TrimLeft<R>, X, End, Acc>
      : LooseField<T, X, End, Acc>
    : never;

/** A field that is not plainly `name: …`: without a type, with space before the colon, the end, or a mistake. */
type LooseField<T extends string, X, End extends string, Acc> = T extends ""
  ? End extends ""
    ? keyof Acc extends never
      ? Wrong<"expected a field, such as 'name: str'">
      : [Flat<Acc>, ""]
    : Wrong<"expected '}'">
  : T extends `}${infer R}`
    ? End extends ""
      ? Wrong<"expected a field name, found '}'">
      : keyof Acc extends never
        ? Wrong<"expected a field, found '}'">
        : [Flat<Acc>, R]
    : Until<Until<Until<Until<T, ":">, ",">, "|">, "}"> extends infer H extends string
      ? TrimRight<H> extends `${infer M}?`
        ? NamedField<TrimRight<M>, "?", After<T, H>, X, End, Acc>
        : NamedField<TrimRight<H>, "", After<T, H>, X, End, Acc>
      : never;

type NamedField<N extends string, Opt extends string, R extends string, X, End extends string, Acc> = N extends
  | `${string}${NotInName}${string}`
  | ""
  ? N extends `${string}->${string}`
    ? Wrong<"'->' joins two signatures: write the fields before it as 'input' and those after it as 'output'">
    : Wrong<`invalid field name '${N}'`>
  : R extends `:${infer Type}`
    ? TypedField<N, Opt, TrimLeft<Type>, X, End, Acc>
    : CheckName<N, Acc> extends Wrong<infer M>
      ? Wrong<M>
      : R extends `|${infer Text}`
        ? AfterBarText<TrimLeft<Text>, N, X, End, Put<Acc, N, Opt, string>>
        : AfterField<R, N, X, End, Put<Acc, N, Opt, string>>;

type CheckName<N extends string, Acc> = N extends keyof Acc
  ? Wrong<`field '${N}' is declared twice`>
  : N extends Forbidden
    ? Wrong<`a field cannot be called '${N}'`>
    : N extends "" | `${Digit | "."}${string}`
      ? Wrong<`invalid field name '${N}'`>
      : true;

type Put<Acc, N extends string, Opt extends string, T> = Opt extends "?"
  ? Acc & { [P in N]?: T }
  : Acc & { [P in N]: T };
type Flat<T> = { [K in keyof T]: T[K] };

/** A field's type; `str,` and the other plain words with a comma are read at once. */
type TypedField<N extends string, Opt extends string, T extends string, X, End extends string, Acc> =
  CheckName<N, Acc> extends Wrong<infer M>
    ? Wrong<M>
    : T extends `${infer W},${infer R}`
      ? W extends keyof Plain
        ? Fields<R, X, End, Put<Acc, N, Opt, Plain[W]>>
        : MemberField<N, Opt, never, Member<T, X>, X, End, Acc>
      : MemberField<N, Opt, never, Member<T, X>, X, End, Acc>;

type MemberField<
  N extends string,
  Opt extends string,
  Before,
  M,
  X,
  End extends string,
  Acc,
  Hint extends string = "",
> = M extends [infer T, infer R extends string]
  ? R extends `|${infer Bar}`
    ? AfterBar<TrimLeft<Bar>, N, Opt, Before | T, X, End, Acc>
    : AfterField<R, N, X, End, Put<Acc, N, Opt, Before | T>, Hint>
  : M extends Wrong<infer E>
    ? Wrong<`field '${N}': ${E}${Hint}`>
    : never;

type QuoteHint = "; if this is a description, put it in double quotes";

/** What comes after a field's type or description. */
type AfterField<
  R extends string,
  N extends string,
  X,
  End extends string,
  Acc,
  Hint extends string = "",
> = R extends `,${infer Next}`
  ? Fields<Next, X, End, Acc>
  : R extends ""
    ? End extends ""
      ? [Flat<Acc>, ""]
      : Wrong<"expected '}'">
    : R extends `}${infer Next}`
      ? End extends ""
        ? Wrong<`field '${N}': expected ',' or the end, found '}'`>
        : [Flat<Acc>, Next]
      : R extends `->${string}`
        ? Wrong<"'->' joins two signatures: write the fields before it as 'input' and those after it as 'output'">
        : Wrong<`field '${N}': expected ',', '|' or the end, found '${Shown<R>}'${Hint}`>;

type Shown<R extends string> = Word<R> extends "" ? (R extends `${infer C}${string}` ? C : "") : Word<R>;

/** The four rules for the text after a bar; see bar-rule.ts. */
type AfterBar<S extends string, N extends string, Opt extends string, T, X, End extends string, Acc> =
  StartsType<S, X, End> extends true
    ? MemberField<N, Opt, T, Member<S, X>, X, End, Acc, QuoteHint>
    : AfterBarText<S, N, X, End, Put<Acc, N, Opt, T>>;

type StartsType<S extends string, X, End extends string> = S extends `"${string}`
  ? false
  : S extends `${"'" | "{"}${string}`
    ? true
    : S extends `(${infer R}`
      ? OpensType<TrimLeft<R>, X>
      : Word<S> extends infer W extends string
        ? TrimLeft<After<S, W>> extends infer R extends string
          ? W extends keyof Plain | keyof Generics | keyof X
            ? R extends "" | `${"[" | "<" | "|" | ","}${string}` | (End extends "" ? never : `}${string}`)
              ? true
              : false
            : IsCapitalWord<S, End>
          : never
        : never;

type OpensType<S extends string, X> = S extends `(${infer R}`
  ? OpensType<TrimLeft<R>, X>
  : S extends `${"'" | "{"}${string}`
    ? true
    : Word<S> extends infer W extends keyof Plain | keyof Generics | (keyof X & string)
      ? TrimLeft<After<S, W>> extends `${")" | "|" | "[" | "<"}${string}`
        ? true
        : false
      : false;

type IsCapitalWord<S extends string, End extends string> = S extends `${infer C}${string}`
  ? C extends Uppercase<C>
    ? C extends Lowercase<C>
      ? false
      : Segment<S, End> extends `${string}${Space}${string}`
        ? false
        : true
    : false
  : false;
type Segment<S extends string, End extends string> = TrimRight<
  Until<End extends "" ? Until<S, ","> : Until<Until<S, ",">, "}">, "|">
>;

/** Passes over a description: quoted, or up to the next comma or the end of the object. */
type AfterBarText<S extends string, N extends string, X, End extends string, Acc> = S extends `"${infer R}`
  ? Quoted<R, '"', ""> extends [string, infer Next extends string]
    ? TrimLeft<Next> extends infer T extends string
      ? T extends `|${string}`
        ? Wrong<`field '${N}': expected ',' or the end after the description, found '|'`>
        : AfterField<T, N, X, End, Acc>
      : never
    : Wrong<`field '${N}': the description has no closing quote`>
  : S extends "" | `,${string}` | (End extends "" ? never : `}${string}`)
    ? Wrong<`field '${N}': expected a description or a type after '|'`>
    : End extends ""
      ? S extends `${string},${infer Next}`
        ? Fields<Next, X, End, Acc>
        : [Flat<Acc>, ""]
      : AfterField<After<S, Until<Until<S, ",">, "}">>, N, X, End, Acc>;

/** Reads to the closing quote; one after a backslash belongs to the text. */
type Quoted<S extends string, Q extends string, Acc extends string> = S extends `${infer A}${Q}${infer R}`
  ? A extends `${infer B}\\`
    ? Quoted<R, Q, `${Acc}${B}${Q}`>
    : [`${Acc}${A}`, R]
  : Wrong<"a quote is not closed">;

/** Members joined by bars: inside brackets and parentheses, and in a registry. */
type Members<S extends string, X, Before = never> =
  Member<S, X> extends infer M
    ? M extends [infer T, infer R extends string]
      ? R extends `|${infer Next}`
        ? Members<TrimLeft<Next>, X, Before | T>
        : [Before | T, R]
      : M
    : never;

/** One member of a union with its `[]`; the rest comes back trimmed. */
type Member<S extends string, X> = S extends `'${infer R}`
  ? Suffixed<Quoted<R, "'", "">>
  : S extends `(${infer R}`
    ? Suffixed<Closed<Members<TrimLeft<R>, X>, ")">>
    : S extends `{${infer R}`
      ? Suffixed<Fields<R, X, "}", {}>>
      : Word<S> extends infer W extends string
        ? W extends keyof Plain
          ? Suffixed<[Plain[W], After<S, W>]>
          : W extends keyof Generics
            ? Suffixed<Generic<Generics[W], W, TrimLeft<After<S, W>>, X>>
            : W extends keyof X
              ? Suffixed<[X[W], After<S, W>]>
              : Wrong<UnknownType<W, S>>
        : never;

type Suffixed<M> = M extends [infer T, infer R extends string]
  ? TrimLeft<R> extends infer Rest extends string
    ? Rest extends `[${infer Inner}`
      ? TrimLeft<Inner> extends `]${infer Next}`
        ? Suffixed<[T[], Next]>
        : Wrong<"expected ']' after '['">
      : [T, Rest]
    : never
  : M;

type Closed<M, C extends string> = M extends [infer T, infer R extends string]
  ? R extends `${C}${infer Next}`
    ? [T, Next]
    : Wrong<`expected '${C}'`>
  : M;

/** A generic: its arguments in `[…]` or `<…>`, or what it means bare. */
type Generic<K extends string, W extends string, R extends string, X> = R extends `[${infer Inner}`
  ? Apply<K, W, TrimLeft<Inner>, X, "]">
  : R extends `<${infer Inner}`
    ? Apply<K, W, TrimLeft<Inner>, X, ">">
    : K extends keyof Bare
      ? [Bare[K], R]
      : Wrong<`expected '[' after '${W}'`>;

type Apply<K extends string, W extends string, S extends string, X, C extends string> = K extends "literal"
  ? Literals<S, C, never>
  : K extends "record"
    ? Word<S> extends infer Key extends KeyName
      ? TrimLeft<After<S, Key>> extends `,${infer V}`
        ? Arguments<TrimLeft<V>, X, C, []> extends infer A
          ? A extends [[infer Value], infer Rest extends string]
            ? [Record<string, Value>, Rest]
            : A extends [unknown[], string]
              ? Wrong<`expected two types in '${W}'`>
              : A
          : never
        : Wrong<`expected ',' and the type of the values in '${W}'`>
      : Wrong<`expected 'str', the type of the keys, in '${W}'`>
    : Arguments<S, X, C, []> extends infer A
      ? A extends [infer Items extends unknown[], infer Rest extends string]
        ? K extends "tuple"
          ? [Items, Rest]
          : K extends "union"
            ? [Items[number], Rest]
            : Items extends [infer One]
              ? [K extends "list" ? One[] : One | null, Rest]
              : Wrong<`expected one type in '${W}'`>
        : A
      : never;

/** Types between commas up to the closing bracket. `T, ...` gives `T[]`, which only a tuple may hold. */
type Arguments<S extends string, X, C extends string, Done extends unknown[]> =
  Members<S, X> extends infer M
    ? M extends [infer T, infer R extends string]
      ? R extends `${C}${infer Next}`
        ? [[...Done, T], Next]
        : R extends `,${infer More}`
          ? TrimLeft<More> extends infer Rest extends string
            ? Rest extends `${C}${infer Next}`
              ? [[...Done, T], Next]
              : Rest extends `...${infer End}`
                ? Done extends []
                  ? Closed<[T[], TrimLeft<End>], C>
                  : Wrong<"'...' may only follow the first type of a tuple">
                : Arguments<Rest, X, C, [...Done, T]>
            : never
          : Wrong<`expected '${C}'`>
      : M
    : never;

/** The values of a Literal: quoted text, numbers in their plain spelling, true, false, None. */
type Literals<S extends string, C extends string, Done> = S extends `'${infer R}`
  ? AfterLiteral<Quoted<R, "'", "">, C, Done>
  : S extends `"${infer R}`
    ? AfterLiteral<Quoted<R, '"', "">, C, Done>
    : Until<Until<Until<S, ",">, "]">, ">"> extends infer V extends string
      ? AfterLiteral<LiteralWord<TrimRight<V>, After<S, V>>, C, Done>
      : never;

interface LiteralWords {
  true: true;
  True: true;
  false: false;
  False: false;
  None: null;
  null: null;
}

type LiteralWord<V extends string, R extends string> = V extends keyof LiteralWords
  ? [LiteralWords[V], R]
  : V extends `${infer N extends number}`
    ? number extends N
      ? Wrong<`write the number '${V}' in its plain form`>
      : [N, R]
    : Wrong<`expected a value in quotes, a number, true, false or None, found '${V}'`>;

type AfterLiteral<M, C extends string, Done> = M extends [infer V, infer R extends string]
  ? TrimLeft<R> extends infer Rest extends string
    ? Rest extends `${C}${infer Next}`
      ? [Done | V, Next]
      : Rest extends `,${infer More}`
        ? TrimLeft<More> extends infer Tail extends string
          ? Tail extends `${C}${infer Next}`
            ? [Done | V, Next]
            : Literals<Tail, C, Done | V>
          : never
        : Wrong<`expected '${C}'`>
    : never
  : M;

type UnknownType<W extends string, S extends string> = W extends ""
  ? S extends ""
    ? "expected a type, found the end"
    : S extends `->${string}`
      ? "'->' joins two signatures: write the fields before it as 'input' and those after it as 'output'"
      : `expected a type, found '${Shown<S>}'`
  : W extends keyof Misspelt
    ? `unknown type '${W}'; did you mean '${Misspelt[W]}'?`
    : Lowercase<W> extends infer L extends keyof Misspelt
      ? `unknown type '${W}'; did you mean '${Misspelt[L]}'?`
      : Lowercase<W> extends infer L extends keyof Plain | keyof Generics
        ? `unknown type '${W}'; did you mean '${L}'?`
        : `unknown type '${W}'`;

/** Common slips. The runtime parser measures the distance to every name; here a table must do. */
interface Misspelt {
  strr: "str";
  sr: "str";
  st: "str";
  srt: "str";
  sting: "string";
  strng: "string";
  stirng: "string";
  strin: "string";
  strings: "string";
  text: "str";
  integer: "int";
  itn: "int";
  in: "int";
  intt: "int";
  ints: "int";
  double: "float";
  decimal: "float";
  flaot: "float";
  floot: "float";
  flot: "float";
  floats: "float";
  numer: "number";
  nubmer: "number";
  numbers: "number";
  bol: "bool";
  boool: "bool";
  boolen: "boolean";
  bolean: "boolean";
  booleen: "boolean";
  none: "None";
  nul: "null";
  nil: "None";
  void: "None";
  undefined: "None";
  lst: "list";
  lits: "list";
  lists: "list";
  array: "list";
  dic: "dict";
  dcit: "dict";
  dicts: "dict";
  object: "dict";
  map: "dict";
  record: "Record";
  optional: "Optional";
  optinal: "Optional";
  union: "Union";
  literal: "Literal";
  litteral: "Literal";
  enum: "Literal";
  tupel: "tuple";
  timestamp: "datetime";
  time: "datetime";
}
