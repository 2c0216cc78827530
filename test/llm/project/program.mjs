/** A user's whole program with a local model; nothing in it ends the process. */

import { DeclarativeAgent } from "flock-ts";

const judge = new DeclarativeAgent({
  name: "judge",
  model: `llama:${process.argv[2]}`,
  input: "text: str",
  output: "sentiment: 'good' | 'bad'",
});
process.stdout.write(JSON.stringify(await judge.execute("What a lovely day.")));
