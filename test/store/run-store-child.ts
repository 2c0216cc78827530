/** A process that uses a store of runs, in a file or on a server, as it is told by its arguments, and says line by line what was acknowledged. */

import { rmSync, writeFileSync, writeSync } from "node:fs";
import { DeclarativeAgent, Flock } from "flock-ts";
import { RunLog } from "flock-ts/introspection";
import { RedisRunStore, SqliteRunStore, type StoredRun } from "flock-ts/store";
import { scriptedModel } from "flock-ts/testing";

/** The path of a file, or the address of a server. */
const [path = "", job = "", ...words] = process.argv.slice(2);
const store = path.startsWith("redis:")
  ? new RedisRunStore({ url: path, timeoutMs: 60_000 })
  : new SqliteRunStore({ path, onWarning: (message) => say(`warning ${message}`) });

/** Straight to the pipe: a line that was written is there also when the process is killed right after. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function run(runId: string, text: string): StoredRun {
  const endMs = Date.now();
  return { runId, name: "agent", startMs: endMs - 1, endMs, text };
}

const jobs: Readonly<Record<string, () => Promise<void>>> = {
  /** Writes until it is killed, or its server is. */
  async loop() {
    for (let index = 0; ; index += 5) {
      const ids = Array.from({ length: 5 }, (_, offset) => `${words[0]}-${index + offset}`);
      try {
        await store.append(ids.map((id) => run(id, `${id} `.repeat(50))));
      } catch (error) {
        if (store.name === "redis") return;
        throw error;
      }
      for (const id of ids) say(id);
    }
  },
  async many() {
    for (let index = 0; index < 1_000; index++) await store.append([run(`${words[0]} ${index}`, `text ${index}`)]);
  },
  /** Runs an agent until it is killed, and says when each run had ended. */
  async flock() {
    const model = scriptedModel([{ json: { line: "…" }, delayMs: 5 }], { repeat: true });
    const writer = new DeclarativeAgent({ name: "writer", model, input: "topic: str", output: "line: str" });
    const flock = new Flock({ record: new RunLog({ store }) });
    flock.events.subscribe(({ runId }) => say(`${Date.now()} ${runId}`), { types: ["run-end"] });
    for (;;) await flock.run(writer, { topic: "bees" });
  },
  /** Writes until there is no room, reads what is there, and writes again when the ballast it was told of has made room. */
  async full() {
    const ballast = words[0];
    if (ballast !== undefined) writeFileSync(ballast, Buffer.alloc(1_000_000));
    let kept = 0;
    try {
      for (; kept < 10_000; kept++) await store.append([run(`run ${kept}`, "x".repeat(10_000))]);
    } catch (error) {
      say((error as { code: string }).code);
    }
    let found = 0;
    for await (const { text } of store.read()) if (text.length === 10_000) found += 1;
    say(kept > 10 && found === kept ? "reads" : `reads ${found} of ${kept}`);
    if (ballast === undefined) return;
    rmSync(ballast);
    await store.append([run("later", "text")]);
    for await (const { text } of store.read({ last: 1 })) if (text === "text") say("writes");
  },
};

await jobs[job]!();
