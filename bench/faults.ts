/**
 * 1,000 runs at once against a model server that takes 200 ms an answer and fails as its scenario says, each client as it is
 * without any setting: how many succeed, in which time, and with how many requests. Client and server have a process each;
 * every client meets the same faults. Run it with `npm run bench:faults`, or with names of scenarios and clients behind it.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Client, clients } from "./faults/clients.ts";
import { runs, type Scenario, scenarios } from "./faults/scenarios.ts";

/** A client that has not ended by then is stopped. */
const capMs = 60_000;

interface Report {
  readonly succeeded: number;
  readonly open: number;
  readonly tookMs: number;
  readonly requests: number;
  readonly refused: number;
  readonly failures: Readonly<Record<string, number>>;
}

const wanted = process.argv.slice(2);
const chosen = <Name extends string>(names: Readonly<Record<Name, unknown>>): Name[] => {
  const all = Object.keys(names) as Name[];
  const some = all.filter((name) => wanted.includes(name));
  return some.length === 0 ? all : some;
};

for (const scenario of chosen<Scenario>(scenarios)) {
  const { title, boundMs } = scenarios[scenario];
  process.stdout.write(`\n${title} (at least ${(boundMs / 1_000).toFixed(1)} s)\n`);
  for (const client of chosen<Client>(clients)) process.stdout.write(await line(client, scenario, boundMs));
}

async function line(client: Client, scenario: Scenario, boundMs: number): Promise<string> {
  const script = new URL("faults/run-client.ts", import.meta.url).pathname;
  const options = { env: { ...process.env, NODE_NO_WARNINGS: "1" }, maxBuffer: 2 ** 24 };
  const flags = ["--conditions=flock-source", script, client, scenario, `${capMs}`];
  const { stdout } = await promisify(execFile)(process.execPath, flags, options);
  const report = JSON.parse(stdout.trim().split("\n").at(-1)!) as Report;
  const failures = Object.entries(report.failures).map(([code, count]) => `${count} ${code}`);
  if (report.open > 0) failures.push(`${report.open} still open`);
  return (
    `  ${clients[client].padEnd(40)} ${((100 * report.succeeded) / runs).toFixed(1).padStart(6)} %  ` +
    `${(report.tookMs / 1_000).toFixed(2).padStart(6)} s  ${(report.tookMs / boundMs).toFixed(2).padStart(6)} × bound  ` +
    `${(report.requests / runs).toFixed(2)} requests a run  ${`${report.refused}`.padStart(5)} × 429  ${failures.join(", ")}\n`
  );
}
