/** A process that uses a SQLite store as it is told by its arguments, and says line by line what was acknowledged. */

import { rmSync, writeFileSync, writeSync } from "node:fs";
import { SqliteStore } from "flock-ts/store";

const [path = "", job = "", ...words] = process.argv.slice(2);
const store = new SqliteStore({ path, onWarning: (message) => say(`warning ${message}`) });

/** Straight to the pipe: a line that was written is there also when the process is killed right after. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const jobs: Readonly<Record<string, () => Promise<void>>> = {
  /** Writes until it is killed. */
  async loop() {
    for (let index = 0; ; index++) {
      const key = `${words[0]} ${index}`;
      await store.set(key, `${key} `.repeat(1 + (index % 200)), { tags: [`tag ${index % 3}`] });
      say(key);
    }
  },
  async many() {
    for (let index = 0; index < 4_000; index++)
      await store.set(`${words[0]} ${index}`, `value ${index}`, { tags: ["t"] });
    say("done");
  },
  /** Writes until there is no room, reads what is there, and writes again when the ballast it was told of has made room. */
  async full() {
    const ballast = words[0];
    if (ballast !== undefined) writeFileSync(ballast, Buffer.alloc(1_000_000));
    let kept = 0;
    try {
      for (; kept < 10_000; kept++) await store.set(`key ${kept}`, "x".repeat(10_000));
    } catch (error) {
      say((error as { code: string }).code);
    }
    let found = 0;
    for (let index = 0; index < kept; index++)
      if ((await store.get(`key ${index}`))?.value.length === 10_000) found += 1;
    say(kept > 10 && found === kept ? "reads" : `reads ${found} of ${kept}`);
    if (ballast === undefined) return;
    rmSync(ballast);
    await store.set("later", "value");
    if ((await store.get("later"))?.value === "value") say("writes");
  },
  async forget() {
    await store.set("a", "one");
    say((await store.get("a"))?.value ?? "nothing");
  },
};

await jobs[job]!();
