/** The clients that are compared, each as its own page shows it, with nothing configured. */

export type Client = "flock" | "ai-sdk" | "fetch";
export const clients: Readonly<Record<Client, string>> = {
  flock: "Flock",
  "ai-sdk": "AI SDK, generateText with Output.object",
  fetch: "fetch, nothing around it",
};

/** Asks once; rejects unless what came is a whole and right answer. */
export type Ask = (run: string) => Promise<unknown>;

/** Makes a client ready for an address; its code is loaded, nothing is sent. */
export async function openClient(client: Client, address: string): Promise<Ask> {
  if (client === "flock") return flock(address);
  return client === "ai-sdk" ? aiSdk(address) : bare(address);
}

async function flock(address: string): Promise<Ask> {
  process.env.OPENAI_COMPATIBLE_BASE_URL = address;
  const { DeclarativeAgent } = await import("../../src/entries/index.ts");
  const agent = new DeclarativeAgent({
    name: "rater",
    model: "openai-compatible/test-model",
    input: "topic: str",
    output: "run: str, score: int, tags: list[str]",
  });
  // What is imported with the first call of a process is imported now, as the others' code is.
  const { defaultEnvironment } = await import("../../src/core/environment.ts");
  await defaultEnvironment().resolveModel("openai-compatible/test-model", "rater").prepare?.();
  await agent
    .with({ model: "offline" })
    .execute("run-warm")
    .catch(() => {});
  return (run) => agent.execute(run);
}

async function aiSdk(address: string): Promise<Ask> {
  const { generateText, jsonSchema, Output } = await import("ai");
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const model = createOpenAICompatible({ name: "test", baseURL: address, supportsStructuredOutputs: true })(
    "test-model",
  );
  const schema = jsonSchema<{ run: string }>(
    {
      type: "object",
      properties: {
        run: { type: "string" },
        score: { type: "integer" },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["run", "score", "tags"],
      additionalProperties: false,
    },
    {
      validate: (value) =>
        typeof (value as { run?: unknown } | null)?.run === "string"
          ? { success: true, value: value as { run: string } }
          : { success: false, error: new Error("no run") },
    },
  );
  return async (run) =>
    (await generateText({ model, output: Output.object({ schema }), prompt: `Rate ${run}.` })).output;
}

async function bare(address: string): Promise<Ask> {
  return async (run) => {
    const response = await fetch(`${address}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: `Rate ${run}.` }] }),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const answer = (await response.json()) as { choices: { message: { content: string } }[] };
    const value = JSON.parse(answer.choices[0]!.message.content) as { run?: string };
    if (value.run !== run) throw new Error("wrong schema");
    return value;
  };
}
