import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { isFlockError } from "../../src/core/errors/errors.ts";
import type { FlockEvent } from "../../src/core/events/event.ts";
import { EventDispatcher } from "../../src/core/events/event-dispatcher.ts";
import { ProviderListener } from "../../src/core/events/provider-listener.ts";
import { embedLexically, lexicalEmbedder } from "../../src/models/offline/lexical-embedder.ts";
import { VectorStoreProvider } from "../../src/providers/vector-store-provider.ts";
import { MemoryVectorStore } from "../../src/store/memory-vectors.ts";
import { createTestRuntime } from "../../src/testing/test-runtime.ts";

function output(value: unknown, name = "writer", runId = "run-1"): FlockEvent {
  return { v: 1, type: "output", runId, path: `${runId}/${name}#0`, time: 0, name, value };
}

/** The lexical embedder with something happening before each call. */
function embedderThat(before: (values: readonly string[], signal?: AbortSignal) => Promise<void>): EmbeddingModelV4 {
  return {
    ...lexicalEmbedder(),
    async doEmbed({ values, abortSignal }) {
      await before(values, abortSignal);
      return { embeddings: values.map((value) => embedLexically(value)), warnings: [] };
    },
  };
}

describe("VectorStoreProvider", () => {
  it("finds what agents answered in earlier runs, nearest first", async () => {
    await using memory = new VectorStoreProvider();
    memory.handle(output({ findings: "Solar power grows fast in Spain", sources: 3 }, "researcher", "run-1"));
    memory.handle(output({ poem: "The cat slept under the old tree" }, "poet", "run-2"));
    const answers = await memory.search("Spanish solar power", { limit: 1 });
    expect(answers).toEqual([
      {
        text: "Solar power grows fast in Spain\n3",
        value: { findings: "Solar power grows fast in Spain", sources: 3 },
        name: "researcher",
        runId: "run-1",
        path: "run-1/researcher#0",
        score: expect.any(Number),
      },
    ]);
    expect(answers[0]!.score).toBeGreaterThan(0.4);
    expect(memory.size).toBe(2);
  });

  it("keeps to one agent when asked", async () => {
    await using memory = new VectorStoreProvider();
    memory.handle(output({ text: "steel tax" }, "writer"));
    memory.handle(output({ text: "steel tax, criticised" }, "critic"));
    expect((await memory.search("steel tax", { agent: "critic" })).map(({ name }) => name)).toEqual(["critic"]);
    expect(await memory.search("steel tax", { agent: "nobody" })).toEqual([]);
  });

  it("keeps the same answer of an agent once, with its latest run, and gives a text of several agents once", async () => {
    await using memory = new VectorStoreProvider();
    memory.handle(output({ text: "steel tax" }, "writer", "run-1"));
    memory.handle(output({ text: "steel tax" }, "writer", "run-2"));
    memory.handle(output({ other: "steel tax" }, "flow", "run-2"));
    const answers = await memory.search("steel tax");
    expect(memory.size).toBe(2);
    expect(answers).toHaveLength(1);
    expect(answers[0]!.runId).toBe("run-2");
  });

  it("keeps its own copy of an answer", async () => {
    await using memory = new VectorStoreProvider();
    const value = { tags: ["steel"] };
    memory.handle(output(value));
    value.tags.push("copper");
    expect((await memory.search("steel"))[0]!.value).toEqual({ tags: ["steel"] });
  });

  it("lets the oldest answers leave when it is full, and one given again counts as new", async () => {
    await using memory = new VectorStoreProvider({ maxEntries: 3 });
    for (const word of ["iron", "gold", "zinc", "iron", "lead"]) memory.handle(output({ word }));
    await memory.drain();
    expect(memory.size).toBe(3);
    const found = async (word: string) => (await memory.search(word)).some(({ text }) => text === word);
    expect(await found("gold")).toBe(false);
    for (const word of ["iron", "zinc", "lead"]) expect(await found(word)).toBe(true);
  });

  it("embeds after whoever answered went on, and drains only what came before", async () => {
    const seen: string[] = [];
    await using memory = new VectorStoreProvider({
      embedder: embedderThat(async (values) => void seen.push(...values)),
    });
    memory.handle(output({ word: "iron" }));
    await Promise.resolve();
    expect(seen).toEqual([]);
    await memory.drain();
    expect(seen).toEqual(["iron"]);
    await memory.drain();
  });

  it("counts what comes when too many wait", async () => {
    await using memory = new VectorStoreProvider({ maxWaiting: 2 });
    for (const word of ["iron", "gold", "zinc"]) memory.handle(output({ word }));
    await memory.drain();
    expect([memory.size, memory.dropped]).toEqual([2, 1]);
  });

  it("goes on when the embedder fails, counts the loss and tells of it once", async () => {
    let failing = true;
    const runtime = createTestRuntime();
    await using memory = new VectorStoreProvider({
      embedder: embedderThat(async () => {
        if (failing) throw new Error("no connection");
      }),
    });
    memory.start({ runtime, emit: () => {} });
    memory.handle(output({ word: "iron" }));
    await memory.drain();
    memory.handle(output({ word: "gold" }));
    await memory.drain();
    expect([memory.size, memory.failed]).toEqual([0, 2]);
    expect(runtime.warnings).toEqual([
      { message: expect.stringContaining("no connection"), code: "model_unreachable" },
    ]);
    await expect(memory.search("iron")).rejects.toSatisfy((error: unknown) => isFlockError(error, "model_unreachable"));
    failing = false;
    memory.handle(output({ word: "zinc" }));
    expect(await memory.search("zinc")).toHaveLength(1);
  });

  it("works with a given store, and with a model that takes one text a call", async () => {
    const store = new MemoryVectorStore();
    const runtime = createTestRuntime();
    const calls: number[] = [];
    const embedder = embedderThat(async (values) => void calls.push(values.length));
    await using memory = new VectorStoreProvider({
      store,
      runtime,
      embedder: { ...embedder, maxEmbeddingsPerCall: 1 },
    });
    memory.handle(output({ word: "iron" }));
    memory.handle(output({ word: "gold" }));
    await memory.drain();
    expect(calls).toEqual([1, 1]);
    expect(store.space).toEqual({ embedder: "offline/lexical", dimension: 512 });
    expect(store.size).toBe(2);
  });

  it("refuses to search a store that holds another model's vectors", async () => {
    const store = new MemoryVectorStore({ embedder: "other/model", dimension: 512 });
    const runtime = createTestRuntime();
    await using memory = new VectorStoreProvider({ store, runtime });
    memory.handle(output({ word: "iron" }));
    await expect(memory.search("iron")).rejects.toSatisfy((error: unknown) => isFlockError(error, "store_mismatch"));
    expect(memory.failed).toBe(1);
    expect(runtime.warnings[0]!.code).toBe("store_mismatch");
  });

  it("does not remember answers without text, nor anything but answers", async () => {
    await using memory = new VectorStoreProvider();
    for (const value of [{}, null, undefined, { ok: true }, { text: "  " }]) memory.handle(output(value));
    memory.handle({ v: 1, type: "warning", runId: "r", path: "p", time: 0, code: "x", message: "iron" });
    expect(await memory.search("iron")).toEqual([]);
    expect(memory.size).toBe(0);
    expect(await memory.search(" ")).toEqual([]);
  });

  it("stops waiting for a hanging embedder when the search is aborted or the provider disposed", async () => {
    const runtime = createTestRuntime();
    let told: AbortSignal | undefined;
    const memory = new VectorStoreProvider({
      runtime,
      embedder: embedderThat((_, signal) => {
        told = signal;
        return new Promise(() => {});
      }),
    });
    for (let index = 0; index < 40; index++) memory.handle(output({ word: `iron ${index}` }));
    const reason = new Error("enough");
    const controller = new AbortController();
    const search = memory.search("iron", { signal: controller.signal });
    await runtime.clock.settle();
    controller.abort(reason);
    await expect(search).rejects.toBe(reason);
    await expect(memory.search("iron", { signal: controller.signal })).rejects.toBe(reason);
    const disposal = memory[Symbol.asyncDispose]();
    await runtime.clock.advance(1_000);
    await disposal;
    expect(told?.aborted).toBe(true);
    expect(runtime.clock.pendingTimers).toBe(0);
    memory.handle(output({ word: "gold" }));
    expect([memory.size, memory.dropped, memory.failed, runtime.warnings.length]).toEqual([0, 0, 0, 0]);
  });

  it("hears of answers like any provider, and takes its host's runtime", async () => {
    const runtime = createTestRuntime();
    const memory = new VectorStoreProvider();
    const listener = new ProviderListener(memory, runtime, new EventDispatcher());
    listener.notify(output({ word: "iron" }));
    expect(await memory.search("iron")).toHaveLength(1);
    listener.drain();
    await listener.dispose();
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  it("stores what waits when it is disposed", async () => {
    const store = new MemoryVectorStore();
    const memory = new VectorStoreProvider({ store });
    memory.handle(output({ word: "iron" }));
    await memory[Symbol.asyncDispose]();
    await memory[Symbol.asyncDispose]();
    expect(store.size).toBe(1);
  });

  it("searches with a signal that does not abort", async () => {
    await using memory = new VectorStoreProvider();
    memory.handle(output({ word: "iron" }));
    expect(await memory.search("iron", { signal: new AbortController().signal })).toHaveLength(1);
  });

  it("names wrong options and wrong questions", async () => {
    for (const options of [{ maxEntries: 0 }, { embedder: {} }, { embeder: lexicalEmbedder() }, { store: 1 }]) {
      expect(() => new VectorStoreProvider(options as never)).toThrow(
        expect.toSatisfy((error: unknown) => isFlockError(error, "option_invalid")),
      );
    }
    const memory = new VectorStoreProvider();
    await expect(memory.search(7 as never)).rejects.toSatisfy((error: unknown) => isFlockError(error, "input_invalid"));
    await expect(memory.search("x", { limit: 0 })).rejects.toSatisfy((error: unknown) =>
      isFlockError(error, "option_invalid"),
    );
  });
});
