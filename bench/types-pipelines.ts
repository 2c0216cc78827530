/** Measures what patterns cost the type checker: 50 pipelines of 4 agents, each connected, wrapped and read, on both compilers. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "flock-pipelines-"));
const rounds = 3;

/** Field names differ from pipeline to pipeline, so that nothing is read once for all of them. */
function pipeline(index: number): string {
  const n = `_${index}`;
  const facts = `facts${n}: list[str], sources${n}: list[{ quote: str, page: int | if known }]`;
  const draft = `draft${n}: { title: str, body: str, words?: int }, score${n}: float | between 0 and 1`;
  const review = `review${n}: list[{ place: str, remark: str }], verdict${n}: 'good' | 'weak' | 'wrong'`;
  return `
const researcher${n} = new DeclarativeAgent({ name: "researcher${n}", input: "topic${n}: str | what to look into, depth${n}?: int", output: "${facts}" });
const writer${n} = new DeclarativeAgent({ name: "writer${n}", input: "topic${n}: str, facts${n}: list[str]", output: "${draft}" });
const reviewer${n} = new DeclarativeAgent({ name: "reviewer${n}", input: "${facts}, ${draft}", output: "${review}" });
const editor${n} = new DeclarativeAgent({ name: "editor${n}", input: "${draft}, ${review}", output: "article${n}: str, tags${n}: list[str], score${n}: float" });
const system${n} = new OrchestrationAgent({
  name: "system${n}",
  input: "topic${n}: str",
  output: "article${n}: str, tags${n}: list[str]",
  pattern: new SequentialPattern({ agents: [researcher${n}, writer${n}, reviewer${n}, editor${n}] }),
});
export const article${n}: string = (await system${n}.execute("x")).article${n};
`;
}

function source(count: number): string {
  const from = (path: string) => relative(folder, join(root, path)).split(sep).join("/");
  return [
    `import { DeclarativeAgent } from "${from("src/agent/declarative-agent.ts")}";`,
    `import { OrchestrationAgent } from "${from("src/patterns/orchestration-agent.ts")}";`,
    `import { SequentialPattern } from "${from("src/patterns/sequential-pattern.ts")}";`,
    "export const used = [DeclarativeAgent, OrchestrationAgent, SequentialPattern];",
    ...Array.from({ length: count }, (_, index) => pipeline(index)),
  ].join("\n");
}

interface Cost {
  readonly seconds: number;
  readonly instantiations: number;
}

/** The best of a few rounds. Fails when the pipelines do not check: a cost of wrong code says nothing. */
function measure(compiler: string, project: string): Cost {
  const costs = Array.from({ length: rounds }, (): Cost => {
    const { stdout: report, status } = spawnSync(process.execPath, [compiler, "-p", project, "--extendedDiagnostics"], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`the pipelines do not check:\n${report.slice(0, 2000)}`);
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
    compilerOptions: { incremental: false, typeRoots: [join(root, "node_modules/@types")] },
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
const goalInstantiations = 400_000;

try {
  const none = project("none", 0);
  const full = project("full", 50);
  for (const { name, path, goalSeconds } of compilers) {
    const base = measure(path, none);
    const cost = measure(path, full);
    const seconds = (cost.seconds - base.seconds).toFixed(2);
    const instantiations = cost.instantiations - base.instantiations;
    console.log(
      `${name}: 50 pipelines of 4 agents: ${seconds} s (goal ${goalSeconds}), ${instantiations} instantiations ` +
        `(goal ${goalInstantiations}), beside ${base.seconds.toFixed(2)} s and ${base.instantiations} for the library's own sources`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
