/** Reading text in the type system: the small steps that the twin of the parser is made of. */

/** What is wrong, as a sentence. */
export interface Wrong<M extends string> {
  readonly wrong: M;
}

/** What counts as space. */
export type Space = " " | "\n" | "\t" | "\r";
/**
 * The text without space at its beginning. A check against a union without inference is nearly free, so it comes first: most
 * text has no space to take off.
 */
export type TrimLeft<S extends string> = S extends `${Space}${string}`
  ? S extends ` ${infer R}`
    ? TrimLeft<R>
    : S extends `${"\n" | "\t" | "\r"}${infer R}`
      ? TrimLeft<R>
      : S
  : S;
/** The text without space at its end. */
export type TrimRight<S extends string> = S extends `${string}${Space}`
  ? S extends `${infer R}${Space}`
    ? TrimRight<R>
    : S
  : S;

/** The text before the first `D`, or all of it. */
export type Until<S extends string, D extends string> = S extends `${infer A}${D}${string}` ? A : S;
/** The text without its beginning `A`. */
export type After<S extends string, A extends string> = S extends `${A}${infer R}` ? R : "";

/**
 * The word at the beginning. Most words end at one of the first four delimiters, so those are cut off one by one; testing for
 * "any delimiter" is one check without inference and costs next to nothing.
 */
export type Word<S extends string> = S extends `${infer A} ${string}` ? WordBefore<A> : WordBefore<S>;
type WordBefore<S extends string> = S extends HasWordEnd
  ? S extends `${infer A},${string}`
    ? A extends HasWordEnd
      ? WordInBrackets<A>
      : A
    : WordInBrackets<S>
  : S;
type WordInBrackets<S extends string> = S extends `${infer A}[${string}`
  ? A extends HasWordEnd
    ? WordAnywhere<A>
    : A
  : S extends `${infer A}]${string}`
    ? A extends HasWordEnd
      ? WordAnywhere<A>
      : A
    : WordAnywhere<S>;
type WordAnywhere<S extends string> = S extends HasWordEnd
  ? Until<Until<Until<Until<Until<Until<WordInLine<S>, "]">, "|">, ">">, "<">, "}">, ")"> extends infer W extends string
    ? W extends HasWordEnd
      ? Until<Until<Until<Until<Until<Until<W, "{">, "(">, "'">, '"'>, ":">, "-">
      : W
    : never
  : S;
type WordInLine<S extends string> = Until<Until<Until<S, "\n">, "\r">, "\t">;

/** What ends a word. */
export type WordEnd = Space | "," | "|" | "[" | "]" | "<" | ">" | "(" | ")" | "{" | "}" | "'" | '"' | ":" | "-";
/** Text with the end of a word somewhere in it. */
export type HasWordEnd = `${string}${WordEnd}${string}`;

/** Reads to the closing quote; one after a backslash belongs to the text. */
export type Quoted<S extends string, Q extends string, Acc extends string = ""> = S extends `${infer A}${Q}${infer R}`
  ? A extends `${string}\\`
    ? A extends `${infer B}\\`
      ? Quoted<R, Q, `${Acc}${B}${Q}`>
      : never
    : [Acc extends "" ? A : `${Acc}${A}`, R]
  : Wrong<"a quote is not closed">;
