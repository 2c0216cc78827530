/** Runs one client in one scenario in a process of its own, against a server in another; prints one line of JSON. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Client, openClient } from "./clients.ts";
import { runs, type Scenario } from "./scenarios.ts";

const [client, scenario, capMs] = process.argv.slice(2) as [Client, Scenario, string];
const server = spawn(process.execPath, [new URL("server.ts", import.meta.url).pathname, scenario], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const ask = await openClient(client, (await lines.next()).value as string);

const began = performance.now();
let succeeded = 0;
let lastMs = 0;
const failures = new Map<string, number>();
const all = Promise.all(
  Array.from({ length: runs }, (_, index) =>
    ask(`run-${index}`).then(
      () => {
        succeeded += 1;
        lastMs = performance.now() - began;
      },
      (error: { code?: string; name?: string }) => {
        lastMs = performance.now() - began;
        const name = error.code ?? error.name ?? "unknown";
        failures.set(name, (failures.get(name) ?? 0) + 1);
      },
    ),
  ),
);
const cap = new Promise<"capped">((resolve) => setTimeout(resolve, Number(capMs), "capped"));
const isCapped = (await Promise.race([all, cap])) === "capped";
if (isCapped) lastMs = performance.now() - began;
server.stdin.write("\n");
const seen = JSON.parse((await lines.next()).value as string) as { requests: number; refused: number };
server.stdin.end();
const open = runs - succeeded - [...failures.values()].reduce((sum, count) => sum + count, 0);
const report = { succeeded, open, tookMs: lastMs, ...seen, failures: Object.fromEntries(failures) };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
