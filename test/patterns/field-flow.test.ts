import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { AnyRunnable } from "../../src/core/runnable.ts";
import { OrchestrationAgent } from "../../src/patterns/orchestration-agent.ts";
import { ParallelPattern } from "../../src/patterns/parallel-pattern.ts";
import { SequentialPattern } from "../../src/patterns/sequential-pattern.ts";
import { makeEnvironment } from "../core/make-environment.ts";
import { caught } from "./caught.ts";
import { makeUntyped } from "./make-step.ts";

/** A field of a plan: whether it is declared optional, and whether it is there in this run. */
interface PlannedField {
  readonly name: string;
  readonly optional: boolean;
  readonly present: boolean;
}

interface PlannedStep {
  readonly reads: readonly PlannedField[];
  readonly writes: readonly PlannedField[];
}

const planned = fc
  .record({
    name: fc.constantFrom("alpha", "beta", "gamma", "delta", "toString"),
    optional: fc.boolean(),
    present: fc.boolean(),
  })
  .map((field): PlannedField => ({ ...field, present: field.present || !field.optional }));
const plannedFields = fc.uniqueArray(planned, { minLength: 1, maxLength: 4, selector: (field) => field.name });
const plannedStep = fc.record({ reads: plannedFields, writes: plannedFields });
const plans = fc.record({
  input: fc.option(plannedFields, { nil: undefined }),
  steps: fc.array(plannedStep, { minLength: 1, maxLength: 6 }),
});

const textOf = (fields: readonly PlannedField[]): string =>
  fields.map(({ name, optional }) => `${name}${optional ? "?" : ""}: str`).join(", ");

/** What step `index` writes, as a text of everything it was given. */
function work(step: PlannedStep, index: number, given: Readonly<Record<string, unknown>>): Record<string, string> {
  const seen = Object.keys(given)
    .sort()
    .map((name) => `${name}=${String(given[name])}`);
  const written = step.writes.filter((field) => field.present);
  return Object.fromEntries(written.map(({ name }) => [name, `${index}.${name}(${seen.join(",")})`]));
}

function stepsOf(steps: readonly PlannedStep[]): readonly AnyRunnable[] {
  return steps.map((step, index) =>
    makeUntyped(`step${index}`, textOf(step.reads), textOf(step.writes), (given) => work(step, index, given)),
  );
}

/** Says naively whether every needed field is surely there. */
function connects(input: readonly PlannedField[], steps: readonly PlannedStep[]): boolean {
  const sure = new Set(input.filter((field) => !field.optional).map((field) => field.name));
  for (const step of steps) {
    for (const field of step.reads) if (!field.optional && !sure.has(field.name)) return false;
    for (const field of step.writes) {
      if (!field.optional) sure.add(field.name);
    }
  }
  return true;
}

/** Runs the plan with one shared blackboard: the last value of a name is the one that is read. */
function interpret(
  input: readonly PlannedField[],
  steps: readonly PlannedStep[],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const board = new Map(input.filter(({ name }) => Object.hasOwn(given, name)).map(({ name }) => [name, given[name]!]));
  const written: Record<string, string> = {};
  steps.forEach((step, index) => {
    const seen = step.reads.filter(({ name }) => board.has(name)).map(({ name }) => [name, board.get(name)]);
    for (const [name, value] of Object.entries(work(step, index, Object.fromEntries(seen)))) {
      board.set(name, value);
      written[name] = value;
    }
  });
  return written;
}

describe("fields that flow by name", () => {
  it("builds a sequence exactly when every needed field is surely there, and runs it as the reference does", async () => {
    const flock = makeEnvironment();
    let built = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(plans, async ({ input, steps }) => {
        const start = input ?? steps[0]!.reads;
        const options = input === undefined ? {} : { input: textOf(input) };
        const given = Object.fromEntries(
          start.filter((field) => field.present).map(({ name }) => [name, `in.${name}`]),
        );
        const made = caught(() => new SequentialPattern({ agents: stepsOf(steps), ...options }));
        if (!connects(start, steps)) {
          refused++;
          expect(isFlockError(made, "pattern_invalid")).toBe(true);
          return;
        }
        built++;
        expect(made).toBeUndefined();
        const pattern = new SequentialPattern({ agents: stepsOf(steps), ...options });
        expect(await pattern.execute(given as never, { flock })).toEqual(interpret(start, steps, given));
      }),
      { numRuns: 400 },
    );
    expect(Math.min(built, refused)).toBeGreaterThan(20);
  });

  it("writes the fields its output declares: every one that is not optional, and no other", async () => {
    const flock = makeEnvironment();
    await fc.assert(
      fc.asyncProperty(plans, async ({ steps }) => {
        const start = steps.flatMap((step) => step.reads);
        const input = [
          ...new Map(start.map((field) => [field.name, { ...field, optional: false, present: true }])).values(),
        ];
        const pattern = new SequentialPattern({ agents: stepsOf(steps), input: textOf(input) as string });
        const given = Object.fromEntries(input.map(({ name }) => [name, "x"]));
        const output = (await pattern.execute(given, { flock })) as Record<string, unknown>;
        const declared = pattern.output.fields.map((field) => field.name);
        expect(Object.keys(output).filter((name) => !declared.includes(name))).toEqual([]);
        for (const field of pattern.output.fields) {
          if (!field.optional) expect(output).toHaveProperty([field.name]);
        }
        const schema = pattern.output.toJsonSchema();
        expect(Object.keys(schema.properties as object)).toEqual(declared);
        expect(schema.required ?? []).toEqual(
          pattern.output.fields.filter((field) => !field.optional).map((field) => field.name),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("puts agents side by side in a list exactly when no two write one field, and then merges what each gives alone", async () => {
    const flock = makeEnvironment();
    await fc.assert(
      fc.asyncProperty(fc.array(plannedStep, { minLength: 1, maxLength: 4 }), async (steps) => {
        const names = steps.flatMap((step) => step.writes.map((field) => field.name));
        const made = caught(() => new ParallelPattern({ agents: stepsOf(steps) }));
        if (new Set(names).size < names.length) {
          expect(isFlockError(made, "pattern_invalid")).toBe(true);
          return;
        }
        expect(made).toBeUndefined();
        const reads = steps.flatMap((step) => step.reads);
        const given = Object.fromEntries(reads.map(({ name }) => [name, `in.${name}`]));
        const expected = steps.map((step, index) => {
          const seen = step.reads.map(({ name }) => [name, given[name]]);
          return work(step, index, Object.fromEntries(seen));
        });
        const pattern = new ParallelPattern({ agents: stepsOf(steps) });
        expect(await pattern.execute(given as never, { flock })).toEqual(Object.assign({}, ...expected));
        const needed = new Set(reads.filter((field) => !field.optional).map((field) => field.name));
        const required = pattern.input.fields.filter((field) => !field.optional).map((field) => field.name);
        expect(new Set(required)).toEqual(needed);
      }),
      { numRuns: 150 },
    );
  });

  it("lets an orchestration agent promise exactly what its pattern surely writes", () => {
    fc.assert(
      fc.property(plannedStep, plannedFields, plannedFields, (step, input, output) => {
        const fits = connects(input, [step]) && connects(step.writes, [{ reads: output, writes: [] }]);
        const options = { name: "a", input: textOf(input), output: textOf(output), pattern: stepsOf([step])[0]! };
        const made = caught(() => new OrchestrationAgent(options as never));
        if (fits) expect(made).toBeUndefined();
        else expect(isFlockError(made, "pattern_invalid")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
