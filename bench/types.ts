/** Measures what signatures cost the type checker: 200 of 6 fields, checked and inferred, on both compilers. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "flock-types-"));
const rounds = 3;

const words = "title body score topic summary tags author source level city amount start".split(" ");
const fieldTypes = [
  "str",
  "int | how many there are",
  "list[str]",
  "float | between 0 and 1",
  "'low' | 'medium' | 'high'",
  "Optional[str]",
  "bool",
  "{ name: str, pages?: int | if known, tags: list[str] }",
  "dict[str, float]",
  "str | None",
  "list[{ quote: str, page: int }]",
  "Literal['a', 'b', 3]",
  "string[]",
  'str | "quoted, with a comma"',
  "datetime",
  "Union[int, list[int], None]",
  "tuple[str, int]",
];

function signature(index: number): string {
  const fields = Array.from({ length: 6 }, (_, field) => {
    const name = `${words[(index + field * 5) % words.length]}_${index}_${field}`;
    const optional = (index + field) % 7 === 0 ? "?" : "";
    return `${name}${optional}: ${fieldTypes[(index * 5 + field * 3) % fieldTypes.length]}`;
  });
  return fields.join(", ");
}

function source(count: number): string {
  const from = relative(folder, join(root, "src/signature/infer-signature.ts")).split(sep).join("/");
  const lines = [
    `import type { InferOutput, SignatureText } from "${from}";`,
    "declare function read<const S extends string>(text: SignatureText<S>): InferOutput<S>;",
  ];
  for (let index = 0; index < count; index++) {
    const text = JSON.stringify(signature(index));
    lines.push(`export const value${index} = read(${text});`);
    lines.push(`export const field${index} = value${index}.${/^\w+/.exec(signature(index))?.[0]};`);
  }
  return lines.join("\n");
}

interface Cost {
  readonly seconds: number;
  readonly instantiations: number;
}

function measure(compiler: string, project: string): Cost {
  const costs = Array.from({ length: rounds }, (): Cost => {
    const { stdout: report, status } = spawnSync(process.execPath, [compiler, "-p", project, "--extendedDiagnostics"], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`the signatures do not check:\n${report.slice(0, 1000)}`);
    const read = (name: RegExp): number => Number(name.exec(report)?.[1]);
    return { seconds: read(/Check time:\s+([\d.]+)s/), instantiations: read(/Instantiations:\s+(\d+)/) };
  });
  return costs.reduce((best, cost) => (cost.seconds < best.seconds ? cost : best));
}

function project(name: string, count: number): string {
  writeFileSync(join(folder, `${name}.mts`), source(count));
  const path = join(folder, `${name}.json`);
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { types: [], incremental: false },
    include: [],
    files: [`./${name}.mts`],
  };
  writeFileSync(path, JSON.stringify(settings));
  return path;
}

const compilers = [
  { name: "TypeScript 7.0", path: join(root, "node_modules/typescript/bin/tsc"), goalSeconds: 0.6 },
  { name: "TypeScript 5.9", path: join(root, "bench/node_modules/typescript/bin/tsc"), goalSeconds: 2.0 },
];

try {
  const empty = project("empty", 0);
  const full = project("full", 200);
  for (const { name, path, goalSeconds } of compilers) {
    const base = measure(path, empty);
    const cost = measure(path, full);
    const seconds = `${cost.seconds.toFixed(2)} s (empty ${base.seconds.toFixed(2)} s, goal ${goalSeconds} s)`;
    const instantiations = `${cost.instantiations} instantiations (empty ${base.instantiations})`;
    console.log(`${name}: 200 signatures of 6 fields: ${seconds}, ${instantiations}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
