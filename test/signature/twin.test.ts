import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { Field, FieldType } from "../../src/signature/field.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";
import { arbitraryFields, printFields } from "./arbitrary-type.ts";
import { invalid, types, valid } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the compiler must say of a text: a type, or that it is refused. */
function verdictOf(text: string): string {
  try {
    return fieldsType(parseSignature(text, { types }).fields);
  } catch (error) {
    if (!isFlockError(error, "signature_invalid")) throw error;
    return "'refused'";
  }
}

function fieldsType(fields: readonly Field[]): string {
  return `{ ${fields.map(({ name, optional, type }) => `${JSON.stringify(name)}${optional ? "?" : ""}: ${typeOf(type)}`).join("; ")} }`;
}

function typeOf(type: FieldType): string {
  switch (type.kind) {
    case "string":
    case "date":
    case "datetime":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
    case "null":
      return type.kind;
    case "any":
      return "unknown";
    case "list":
    case "set":
      return `(${typeOf(type.item)})[]`;
    case "record":
      return `Record<string, ${typeOf(type.value)}>`;
    case "tuple":
      return `[${type.items.map(typeOf).join(", ")}]`;
    case "literal":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "union":
      return type.members.map((member) => `(${typeOf(member)})`).join(" | ");
    case "object":
      return fieldsType(type.fields);
    case "registered":
      return type.registered.type === undefined ? type.name : typeOf(type.registered.type);
  }
}

function judge(compiler: string, texts: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "flock-twin-"));
  const from = (path: string): string => relative(folder, join(root, path)).split(sep).join("/");
  const head = [
    `import type { InferOutput, SignatureText } from "${from("src/signature/infer-signature.ts")}";`,
    `import type { Equal, Finding, Types } from "${from("test/signature/table.ts")}";`,
    "type Says<S extends string> = SignatureText<S, Types> extends S ? InferOutput<S, Types> : 'refused';",
    "declare function same<const S extends string, E>(text: S, ...wrong: Equal<Says<S>, E> extends true ? [] : [{ twin: Says<S>; parser: E }]): void;",
  ];
  const lines = texts.map((text) => `same<${JSON.stringify(text)}, ${verdictOf(text)}>(${JSON.stringify(text)});`);
  writeFileSync(join(folder, "twin.mts"), [...head, ...lines].join("\n"));
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
    include: [],
    files: ["./twin.mts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  try {
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    return stdout
      .split("\n")
      .filter((line) => /error/.test(line))
      .map((line) => {
        const number = Number(/twin\.mts\((\d+)/.exec(line)?.[1]);
        return Number.isNaN(number) ? line : JSON.stringify(texts[number - 1 - head.length]);
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sampleTexts(count: number, seed: number): readonly string[] {
  const piece = fc.constantFrom(
    ..."a: b: str int, any list[ str] dict[str, tuple[ Optional[ Literal[ 'x' \"y\" ] [] { } ( ) | , : ? -> Analysis Finding Foo word".split(
      " ",
    ),
    " ",
    ", c: ",
    " | ",
    "\n",
    "...",
    "1",
  );
  const rows = [...valid, ...invalid].map((row) => row.text);
  const random = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => `a: ${pieces.join("")}`);
  const bent = fc
    .tuple(
      fc.constantFrom(...rows),
      fc.nat(),
      fc.nat({ max: 2 }),
      fc.constantFrom("", " ", ",", "|", "]", "'", "}", "x", "\n"),
    )
    .map(([row, place, cut, insert]) => {
      const at = place % (row.length + 1);
      return row.slice(0, at) + insert + row.slice(at + cut);
    });
  const printed = fc
    .tuple(arbitraryFields, fc.constantFrom("python" as const, "typescript" as const))
    .map(([fields, spelling]) => printFields(fields, spelling));
  const texts = fc.sample(fc.oneof(random, bent, { arbitrary: printed, weight: 1 }), { numRuns: count, seed });
  return [...new Set(texts)];
}

it("reads random texts in the compiler exactly as at run time", { timeout: 60_000 }, () => {
  const texts = sampleTexts(Number(process.env.FLOCK_TWIN_RUNS ?? 400), Number(process.env.FLOCK_TWIN_SEED ?? 7));
  expect(judge(join(root, "node_modules/typescript/bin/tsc"), texts)).toEqual([]);
});
