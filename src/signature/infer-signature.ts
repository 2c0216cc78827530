/**
 * The parser's twin in the type system: reads the same text by the same rules, so that a wrong signature is an error in the
 * editor and a right one gives its values' types. Each step here has its runtime step in parse-type.ts and bar-rule.ts.
 *
 * One file, since fields and types call each other. Readers return `[type, rest of the text]`, or `Wrong<sentence>`. Text is
 * never walked character by character: the next delimiter is found by inference, which keeps the cost low.
 */

import type { Bare, Generics, KeyName, Misspelt, Plain, Usual } from "./grammar/type-level-names.ts";
import type {
  After,
  Quoted,
  Space,
  TrimLeft,
  TrimRight,
  Until,
  Word,
  WordEnd,
  Wrong,
} from "./grammar/type-level-text.ts";

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
        : Wrong<Unexpected<R, "expected '|' or the end of the type">>
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

type MarkInName =
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
type Forbidden = "__proto__" | "constructor" | "prototype";
/** Everything a name may not be: one union, so that one check does. */
type NotName = `${string}${MarkInName}${string}` | `${number | "."}${string}` | "" | Forbidden;

/** Reads fields up to the end of the text, or (inside braces) up to the `}`. Tail-recursive over the fields. */
type Fields<S extends string, X, End extends string, Acc> = S extends `${infer N}:${infer R}`
  ? TrimLeft<N> extends infer M extends string
    ? M extends NotName | keyof Acc
      ? M extends `${infer Q}?`
        ? Q extends NotName | keyof Acc
          ? LooseField<TrimLeft<S>, X, End, Acc>
          : NextField<Q, TypeOfField<TrimLeft<R>, X, End>, X, End, Acc, "?">
        : LooseField<TrimLeft<S>, X, End, Acc>
      : R extends ` ${infer W},${infer Next}`
        ? UsualField<W> extends infer K extends keyof Usual
          ? Fields<Next, X, End, Acc & { [P in M]: Usual[K] }>
          : NextField<M, TypeOfField<TrimLeft<R>, X, End>, X, End, Acc>
        : NextField<M, TypeOfField<TrimLeft<R>, X, End>, X, End, Acc>
    : never
  : LooseField<TrimLeft<S>, X, End, Acc>;

/** A usual type alone, or with a description of several words that could be nothing else; 0 for all else. */
type UsualField<W extends string> = W extends keyof Usual
  ? W
  : W extends `${infer K} | ${infer D}`
    ? K extends keyof Usual
      ? D extends NotPlainText
        ? 0
        : D extends `${string} ${string}`
          ? K
          : 0
      : 0
    : 0;
type NotPlainText =
  | `${Space | '"' | "'" | "(" | "{"}${string}`
  | `${string}${"|" | "[" | "<" | "}"}${string}`
  | `${string}${Space}`;

/** Takes a field with what was read of its type, and goes on behind it. */
type NextField<N extends string, M, X, End extends string, Acc, Opt = ""> = M extends [infer T, infer R extends string]
  ? R extends `,${infer Next}`
    ? Fields<Next, X, End, Put<Acc, N, Opt, T>>
    : R extends ""
      ? End extends ""
        ? [Flat<Put<Acc, N, Opt, T>>, ""]
        : Wrong<"expected '}'">
      : R extends `}${infer Next}`
        ? End extends ""
          ? Wrong<`field '${N}': expected ',' or the end, found '}'`>
          : [Flat<Put<Acc, N, Opt, T>>, Next]
        : Wrong<Unexpected<R, `field '${N}': expected ',', '|' or the end`>>
  : M extends Wrong<infer E>
    ? Wrong<`field '${N}': ${E}`>
    : never;

type Put<Acc, N extends string, Opt, T> = Opt extends "?" ? Acc & { [P in N]?: T } : Acc & { [P in N]: T };
type Flat<T> = { [K in keyof T]: T[K] };

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
      ? TrimRight<H> extends `${infer Q}?`
        ? NamedField<TrimRight<Q>, "?", After<T, H>, X, End, Acc>
        : NamedField<TrimRight<H>, "", After<T, H>, X, End, Acc>
      : never;

type NamedField<N extends string, Opt, R extends string, X, End extends string, Acc> = N extends NotName | keyof Acc
  ? N extends keyof Acc
    ? Wrong<`field '${N}' is declared twice`>
    : N extends Forbidden
      ? Wrong<`a field cannot be called '${N}'`>
      : N extends `${string}->${string}`
        ? Wrong<Arrow>
        : Wrong<`invalid field name '${N}'`>
  : R extends `:${infer T}`
    ? NextField<N, TypeOfField<TrimLeft<T>, X, End>, X, End, Acc, Opt>
    : R extends `|${infer Text}`
      ? NextField<N, Description<TrimLeft<Text>, string, End>, X, End, Acc, Opt>
      : NextField<N, [string, R], X, End, Acc, Opt>;

type Arrow = "'->' joins two signatures: write the fields before it as 'input' and those after it as 'output'";
type QuoteHint = "if this is a description, put it in double quotes";
type Unexpected<R extends string, M extends string> = R extends `->${string}` ? Arrow : `${M}, found '${Shown<R>}'`;
type Shown<R extends string> = Word<R> extends "" ? (R extends `${infer C}${string}` ? C : "") : Word<R>;

/** A field's type and description; the rest comes back trimmed. */
type TypeOfField<S extends string, X, End extends string, Before = never> =
  Member<S, X> extends infer M
    ? M extends [infer T, `|${infer Bar}`]
      ? AfterBar<TrimLeft<Bar>, X, End, Before | T>
      : [Before] extends [never]
        ? M
        : M extends [infer T, infer R]
          ? [Before | T, R]
          : M extends Wrong<infer E>
            ? Wrong<`${E}; ${QuoteHint}`>
            : never
    : never;

/** The four rules for the text after a bar; see bar-rule.ts. */
type AfterBar<S extends string, X, End extends string, T> =
  StartsType<S, X, End> extends true ? TypeOfField<S, X, End, T> : Description<S, T, End>;

type StartsType<S extends string, X, End extends string> = S extends `${'"' | "'" | "{" | "("}${string}`
  ? S extends `${"'" | "{"}${string}`
    ? true
    : S extends `(${infer R}`
      ? OpensType<TrimLeft<R>, X>
      : false
  : Word<S> extends infer W extends string
    ? W extends keyof Plain | keyof Generics | keyof X
      ? TrimLeft<After<S, W>> extends "" | `${"[" | "<" | "|" | ","}${string}` | (End extends "" ? never : `}${string}`)
        ? true
        : IsCapitalWord<S, W, End>
      : IsCapitalWord<S, W, End>
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

type IsCapitalWord<S extends string, W extends string, End extends string> =
  W extends Lowercase<W>
    ? false
    : S extends `${infer C}${string}`
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
type Description<S extends string, T, End extends string> = S extends `"${infer R}`
  ? Quoted<R, '"', ""> extends [string, infer Next extends string]
    ? TrimLeft<Next> extends `|${string}`
      ? Wrong<"expected ',' or the end after the description, found '|'">
      : [T, TrimLeft<Next>]
    : Wrong<"the description has no closing quote">
  : S extends "" | `,${string}` | (End extends "" ? never : `}${string}`)
    ? Wrong<"expected a description or a type after '|'">
    : End extends ""
      ? S extends `${string},${infer Next}`
        ? [T, `,${Next}`]
        : [T, ""]
      : [T, After<S, Until<Until<S, ",">, "}">>];

/** Members joined by bars: inside brackets and parentheses, and in a registry. */
type Members<S extends string, X, Before = never> =
  Member<S, X> extends infer M
    ? M extends [infer T, `|${infer Next}`]
      ? Members<TrimLeft<Next>, X, Before | T>
      : [Before] extends [never]
        ? M
        : M extends [infer T, infer R]
          ? [Before | T, R]
          : M
    : never;

/** One member of a union with its `[]`; the rest comes back trimmed. */
type Member<S extends string, X> = S extends `${"'" | "(" | "{"}${string}`
  ? S extends `'${infer R}`
    ? Suffixed<Quoted<R, "'">>
    : S extends `{${infer R}`
      ? Suffixed<Fields<R, X, "}", {}>>
      : S extends `(${infer R}`
        ? Suffixed<Closed<Members<TrimLeft<R>, X>, ")">>
        : never
  : Word<S> extends infer W extends string
    ? W extends keyof Plain
      ? Suffixed<[Plain[W], After<S, W>]>
      : W extends keyof Generics
        ? Suffixed<Generic<Generics[W], W, TrimLeft<After<S, W>>, X>>
        : W extends keyof X
          ? Suffixed<[X[W], After<S, W>]>
          : Wrong<UnknownType<W, S>>
    : never;

type Suffixed<M> = M extends [unknown, `${Space | "["}${string}`]
  ? M extends [infer T, infer R extends string]
    ? TrimLeft<R> extends infer Rest extends string
      ? Rest extends `[${infer Inner}`
        ? TrimLeft<Inner> extends `]${infer Next}`
          ? Suffixed<[T[], Next]>
          : Wrong<"expected ']' after '['">
        : [T, Rest]
      : never
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
    ? RecordOf<W, S, X, C>
    : K extends "list" | "optional"
      ? One<W, S, X, C> extends infer A
        ? A extends [infer T, infer Rest]
          ? [K extends "list" ? T[] : T | null, Rest]
          : A
        : never
      : Arguments<S, X, C, []> extends infer A
        ? A extends [infer Items extends unknown[], infer Rest]
          ? K extends "tuple"
            ? A
            : number extends Items["length"]
              ? Wrong<"'...' belongs in a tuple">
              : [Items[number], Rest]
          : A
        : never;

type RecordOf<W extends string, S extends string, X, C extends string> = S extends `${infer Key},${infer V}`
  ? TrimRight<Key> extends KeyName
    ? One<W, TrimLeft<V>, X, C> extends infer A
      ? A extends [infer T, infer Rest]
        ? [Record<string, T>, Rest]
        : A
      : never
    : Wrong<`expected 'str', the type of the keys, in '${W}'`>
  : Wrong<`expected 'str', the type of the keys, and ',' in '${W}'`>;

/** The only, or last, type before a closing bracket; a plain word there is read at once. */
type One<W extends string, S extends string, X, C extends string> = S extends `${infer A}${C}${infer Next}`
  ? A extends keyof Plain
    ? [Plain[A], Next]
    : OneOf<W, S, X, C>
  : OneOf<W, S, X, C>;
type OneOf<W extends string, S extends string, X, C extends string> =
  Members<S, X> extends infer M
    ? M extends [infer T, infer R extends string]
      ? R extends `${C}${infer Next}`
        ? [T, Next]
        : R extends `,${infer More}`
          ? TrimLeft<More> extends `${C}${infer Next}`
            ? [T, Next]
            : Wrong<`expected '${C}' after the only type in '${W}'`>
          : Wrong<`expected '${C}'`>
      : M
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
  ? AfterLiteral<Quoted<R, "'">, C, Done>
  : S extends `"${infer R}`
    ? AfterLiteral<Quoted<R, '"'>, C, Done>
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
      ? Arrow
      : `expected a type, found '${Shown<S>}'`
  : W extends keyof Misspelt
    ? `unknown type '${W}'; did you mean '${Misspelt[W]}'?`
    : Lowercase<W> extends infer L extends keyof Misspelt
      ? `unknown type '${W}'; did you mean '${Misspelt[L]}'?`
      : Lowercase<W> extends infer L extends keyof Plain | keyof Generics
        ? `unknown type '${W}'; did you mean '${L}'?`
        : `unknown type '${W}'`;
