/** Says which agents can run side by side: to the compiler, and when a pattern is built. */

import type { InputOf, OutputOf } from "../core/door/run.ts";
import type { AnyRunnable } from "../core/runnable.ts";
import type { Called, KindOf } from "./field-flow.ts";
import { clashOf, schemaOfField } from "./field-supply.ts";
import { patternError, type Step } from "./step.ts";

/** Agents side by side: by name, each then giving one field, or as a list whose fields are merged. */
export type Branches = readonly AnyRunnable[] | { readonly [name: string]: AnyRunnable };

/**
 * The agents themselves when they can run side by side, else with a sentence in the place of each that cannot: it writes
 * a field that another writes, or takes one as a type that another does not.
 */
export type Beside<Agents extends Branches> = Agents extends readonly AnyRunnable[]
  ? TupleBeside<Agents>
  : [keyof Agents] extends [never]
    ? "a parallel pattern needs at least one agent"
    : { [Name in keyof Agents]: NamedBeside<Agents, Name> };

type TupleBeside<
  Agents extends readonly AnyRunnable[],
  Taken = unknown,
  Given = unknown,
  Done extends readonly unknown[] = [],
> = Agents extends readonly [infer First extends AnyRunnable, ...infer Rest extends readonly AnyRunnable[]]
  ? TupleBeside<
      Rest,
      Taken & InputOf<First>,
      Given & OutputOf<First>,
      [...Done, Alone<First, TwiceGiven<OutputOf<First>, Given> | TakenTwoWays<InputOf<First>, Taken>>]
    >
  : number extends Agents["length"]
    ? [...Done, ...Agents]
    : Done extends readonly []
      ? "a parallel pattern needs at least one agent"
      : Done;

type NamedBeside<Agents, Name extends keyof Agents> = Agents[Name] extends AnyRunnable
  ? Alone<
      Agents[Name],
      {
        [Other in keyof Agents]: Agents[Other] extends AnyRunnable
          ? TakenTwoWays<InputOf<Agents[Name]>, InputOf<Agents[Other]>>
          : never;
      }[keyof Agents]
    >
  : Agents[Name];

type Alone<Agent extends AnyRunnable, Problem extends string> = [Problem] extends [never]
  ? Agent
  : `${Called<Agent>} ${Problem}`;

type TwiceGiven<Out, Given> = unknown extends Given
  ? never
  : {
      [Name in keyof Out &
        keyof Given &
        string]-?: `writes the field '${Name}', which an agent before it writes too; give the agents names, as in { first: …, second: … }`;
    }[keyof Out & keyof Given & string];

type TakenTwoWays<In, Taken> = unknown extends Taken
  ? never
  : {
      [Name in keyof In & keyof Taken & string]-?: [
        Exclude<In[Name], undefined> & Exclude<Taken[Name], undefined>,
      ] extends [never]
        ? `takes the field '${Name}' as ${KindOf<Exclude<In[Name], undefined>>}, but another agent takes it as ${KindOf<Exclude<Taken[Name], undefined>>}`
        : never;
    }[keyof In & keyof Taken & string];

/**
 * Refuses a field that two agents of a list write: the runtime twin of `TwiceGiven`.
 *
 * @throws pattern_invalid
 */
export function refuseTwoWriters(pattern: string, steps: readonly Step[]): void {
  const writers = new Map<string, string>();
  for (const { runnable, output } of steps) {
    for (const { name: field } of output.fields) {
      const first = writers.get(field);
      if (first !== undefined) {
        const way = "rename one, or give the agents names, as in { first: …, second: … }";
        const message = `both "${first}" and "${runnable.name}" write the field "${field}"; ${way}`;
        throw patternError(pattern, message, { agent: runnable.name, field });
      }
      writers.set(field, runnable.name);
    }
  }
}

/**
 * Refuses a field that two agents take as types that surely never meet: the runtime twin of `TakenTwoWays`.
 *
 * @throws pattern_invalid
 */
export function refuseClashes(pattern: string, steps: readonly Step[]): void {
  const takers = new Map<string, Step[]>();
  for (const step of steps) {
    for (const { name: field } of step.input.fields) {
      const earlier = takers.get(field) ?? [];
      for (const other of earlier) {
        const clash = clashOf(schemaOfField(step.input, field, "input"), schemaOfField(other.input, field, "input"));
        if (clash === undefined) continue;
        const { name: agent } = step.runnable;
        const message = `"${agent}" takes the field "${field}" as ${clash} for "${other.runnable.name}"`;
        throw patternError(pattern, message, { agent, field });
      }
      takers.set(field, [...earlier, step]);
    }
  }
}
