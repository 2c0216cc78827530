/**
 * Times checking values against compiled JSON Schemas, beside ajv's compiled code: nanoseconds a value, good and bad ones,
 * with and without the issues of the bad, and what compiling costs. Values vary. Run it with `npm run bench:json-schema`.
 */

import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonSchema } from "../src/core/json/json.ts";
import { compileJsonSchema } from "../src/signature/json-schema/compile/compile-json-schema.ts";

interface Case {
  readonly label: string;
  readonly schema: JsonSchema;
  readonly good: (seed: number) => unknown;
  readonly bad: (seed: number) => unknown;
}

const ticket: JsonSchema = {
  type: "object",
  properties: {
    title: { type: "string", minLength: 1 },
    priority: { type: "integer", minimum: 1, maximum: 5 },
    state: { enum: ["open", "done"] },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["title", "priority"],
  additionalProperties: false,
};
const makeTicket = (seed: number) => ({
  title: `Ticket ${seed}`,
  priority: 1 + (seed % 5),
  state: seed % 2 ? "open" : "done",
  tags: ["a", "b"],
});

const events: JsonSchema = {
  type: "array",
  items: {
    oneOf: ["created", "moved", "closed"].map((kind, index) => ({
      type: "object",
      properties: {
        kind: { const: kind },
        at: { type: "integer" },
        [`by${index}`]: { type: "string", pattern: "^[a-z]+$" },
      },
      required: ["kind", "at"],
      additionalProperties: false,
    })),
  },
};
const makeEvents = (seed: number) =>
  Array.from({ length: 10 }, (_, index) => {
    const kind = (seed + index) % 3;
    return { kind: ["created", "moved", "closed"][kind], at: seed + index, [`by${kind}`]: "ada" };
  });

const tree: JsonSchema = {
  type: "object",
  properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
  required: ["name"],
  unevaluatedProperties: false,
};
const makeTree = (seed: number, depth = 3): unknown => ({
  name: `node ${seed}`,
  children: depth === 0 ? [] : [makeTree(seed + 1, depth - 1), makeTree(seed + 2, depth - 1)],
});

const cases: readonly Case[] = [
  {
    label: "flat object",
    schema: ticket,
    good: makeTicket,
    bad: (seed) => ({ ...makeTicket(seed), tags: ["a", seed] }),
  },
  {
    label: "10 of 3 forms",
    schema: events,
    good: makeEvents,
    bad: (seed) => [...makeEvents(seed).slice(1), { kind: "closed", at: "late" }],
  },
  {
    label: "tree of 15",
    schema: tree,
    good: (seed) => makeTree(seed),
    bad: (seed) => ({ ...(makeTree(seed) as object), extra: seed }),
  },
];

/** Runs over varied values for about 200 ms, after as long a warm-up, and gives nanoseconds a value. */
function timeOf(values: readonly unknown[], check: (value: unknown) => unknown): number {
  const rounds = (ms: number): number => {
    const start = performance.now();
    let count = 0;
    do for (const value of values) check(value);
    while (++count % 16 > 0 || performance.now() - start < ms);
    return ((performance.now() - start) * 1e6) / (count * values.length);
  };
  rounds(200);
  return Math.min(rounds(200), rounds(200), rounds(200));
}

/** Milliseconds to compile fresh copies of a schema. */
function compileTime(schema: JsonSchema, compile: (schema: JsonSchema) => unknown): number {
  const copies = Array.from({ length: 20 }, () => structuredClone(schema));
  const start = performance.now();
  for (const copy of copies) compile(copy);
  return (performance.now() - start) / copies.length;
}

const newAjv = () => new Ajv2020({ strict: false, meta: false, validateSchema: false });
console.log("ns a value       good   ajv good        bad    ajv bad  bad with issues  compile ms   ajv ms");
for (const { label, schema, good, bad } of cases) {
  const ours = compileJsonSchema(schema);
  const theirs = newAjv().compile(schema);
  const goods = Array.from({ length: 32 }, (_, seed) => good(seed));
  const bads = Array.from({ length: 32 }, (_, seed) => bad(seed));
  for (const [values, expected] of [
    [goods, true],
    [bads, false],
  ] as const) {
    if (values.some((value) => ours.fits(value) !== expected || theirs(value) !== expected)) {
      throw new Error(`${label}: the two do not agree`);
    }
  }
  const cells = [
    [timeOf(goods, ours.fits.bind(ours)), 10],
    [timeOf(goods, theirs), 11],
    [timeOf(bads, ours.fits.bind(ours)), 11],
    [timeOf(bads, theirs), 11],
    [timeOf(bads, ours.issues.bind(ours)), 17],
  ] as const;
  const times = [compileTime(schema, compileJsonSchema), compileTime(schema, (one) => newAjv().compile(one))];
  const columns = cells.map(([cell, width]) => cell.toFixed(0).padStart(width)).join("");
  console.log(`${label.padEnd(14)}${columns}${times[0]!.toFixed(2).padStart(12)}${times[1]!.toFixed(2).padStart(9)}`);
}
