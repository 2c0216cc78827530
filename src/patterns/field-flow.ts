/** What the compiler knows of fields that flow by name, and the sentences it says when they do not connect. */

import type { InputOf } from "../core/door/run.ts";
import type { AnyRunnable } from "../core/runnable.ts";

/** What every member of a union of runnables takes: an input that is safe for whichever of them it is. */
export type SharedInput<Step extends AnyRunnable> = (
  Step extends AnyRunnable
    ? (input: InputOf<Step>) => void
    : never
) extends (input: infer Input) => void
  ? Input
  : never;

/** Shows fields that were gathered: the object they make, or any fields when some were unseen. */
export type Gathered<Fields> = [Fields] extends [never] ? { [field: string]: unknown } : Flat<Fields>;

/** Shows an intersection as one flat object, mutable. */
export type Flat<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] } & {};

/** Tells whether the compiler cannot see the fields: they are then checked when the pattern is built. */
export type IsUnseen<Fields> = unknown extends Fields ? true : string extends keyof Fields ? true : false;

/**
 * The fields there are once a step wrote `Out` over `Have`. The later writer wins; a field it may leave out keeps what
 * was there. Without overlap, the common case, it stays a cheap intersection. Never, which feeds every step, once a
 * step's fields are unseen.
 */
export type Written<Have, Out> = [Have] extends [never]
  ? never
  : true extends IsUnseen<Have> | IsUnseen<Out>
    ? never
    : [keyof Have & keyof Out] extends [never]
      ? Have & Out
      : Overwritten<Have, Out>;

type Overwritten<Have, Out> = Flat<
  { [Name in keyof Have as Name extends keyof Out ? never : Name]: Have[Name] } & {
    [Name in keyof Out as MayBeAbsent<Out, Name> extends true
      ? Name extends keyof Have
        ? never
        : Name
      : Name]: Out[Name];
  } & {
    [Name in keyof Have as Name extends keyof Out ? (MayBeAbsent<Out, Name> extends true ? Name : never) : never]:
      | Have[Name]
      | (Name extends keyof Out ? Exclude<Out[Name], undefined> : never);
  }
>;

/** Tells whether a field is optional. */
type MayBeAbsent<Fields, Name extends keyof Fields> = {} extends Pick<Fields, Name> ? true : false;

/** Calls a runnable by its name in a sentence. */
export type Called<Step extends AnyRunnable> = string extends Step["name"] ? "this step" : `'${Step["name"]}'`;

/**
 * What keeps `Have` from feeding `Need`, one sentence end a field, or never. `Source` says where the field was looked
 * for. Without the name of the step: whoever adds it makes a new union of it, which editors then print in full.
 */
export type Unfed<Need, Have, Source extends string> = [Need] extends [never]
  ? never
  : IsUnseen<Have> extends true
    ? never
    : { [Name in keyof Need & string]-?: UnfedField<Name, Need, Have, Source> }[keyof Need & string];

type UnfedField<Name extends keyof Need & string, Need, Have, Source extends string> = Name extends keyof Have
  ? Pick<Have, Name> extends Pick<Need, Name>
    ? never
    : [Exclude<Have[Name], undefined>] extends [Need[Name]]
      ? `needs the field '${Name}', which may be absent: it is declared optional where it comes from`
      : Mismatch<Name, Exclude<Need[Name], undefined>, Exclude<Have[Name], undefined>>
  : MayBeAbsent<Need, Name> extends true
    ? never
    : `needs the field '${Name}', which ${Source}`;

/** Says that a field has another type than the one it is taken as. */
export type Mismatch<Name extends string, Need, Have> =
  KindOf<Need> extends KindOf<Have>
    ? `takes the field '${Name}' as ${KindOf<Need>}, but it is ${KindOf<Have>} of another make here`
    : `takes the field '${Name}' as ${KindOf<Need>}, but it is ${KindOf<Have>} here`;

/** Puts a type into words, none of which is a union. */
export type KindOf<Value> = unknown extends Value
  ? "anything"
  : [Value] extends [string]
    ? string extends Value
      ? "a string"
      : "one of certain strings"
    : [Value] extends [number]
      ? "a number"
      : [Value] extends [boolean]
        ? "true or false"
        : [Value] extends [null]
          ? "null"
          : [Value] extends [readonly unknown[]]
            ? "a list"
            : [Value] extends [object]
              ? "an object"
              : "one of several types";
