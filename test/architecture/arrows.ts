/** The picture of the house as one table: which area may import which. Change the picture here, with a reason. */

/** An area is a folder of src, or `flock` for the file flock.ts. */
export interface Arrow {
  /** Areas it may import beside itself. Arrows are not transitive: what is not listed may not be imported. */
  readonly may: readonly string[];
  /** Areas it can reach through others and still must not import itself, each with the way out. */
  readonly never?: Readonly<Record<string, string>>;
}

const everythingInside = [
  "core",
  "signature",
  "models",
  "prompt",
  "agent",
  "patterns",
  "templates",
  "layers",
  "introspection",
  "providers",
  "tools",
  "store",
  "errors",
  "eviction",
  "flock",
] as const;

/** Lowest first. `core` may be imported from everywhere, `signature` from everywhere that is listed with it. */
export const arrows: Readonly<Record<string, Arrow>> = {
  core: { may: [] },
  signature: { may: ["core"] },
  eviction: { may: ["core"] },
  layers: { may: ["core", "eviction"] },
  introspection: { may: ["core", "eviction"] },
  store: { may: ["core"] },
  errors: {
    may: ["core", "introspection"],
    never: {
      layers: "declare plain steps of core/recovery-settings.ts; the layer acts on them",
      eviction: "say in the settings how entries leave; the cache does it",
    },
  },
  models: { may: ["core", "signature"] },
  patterns: { may: ["core", "signature"] },
  prompt: { may: ["core", "signature", "models"] },
  agent: { may: ["core", "signature", "models", "prompt"] },
  tools: {
    may: ["core", "signature", "models", "agent", "store"],
    never: { prompt: "a tool gives plain data; the agent that calls it writes the messages" },
  },
  templates: {
    may: ["core", "signature", "agent", "tools", "patterns"],
    never: {
      models: "pass the model through to the agent's `model` option and let the agent resolve it",
      prompt: "pass instructions through to the agent's options and let the agent write the messages",
      store: "take the provider or tool that owns the store as a parameter",
    },
  },
  providers: {
    may: ["core", "signature", "models", "introspection", "store"],
    never: { eviction: "hold a Map with a bound, or take a cache as a parameter" },
  },
  flock: {
    may: ["core", "signature", "models", "layers", "introspection"],
    never: { eviction: "caches belong to the cache layer; hand it the settings" },
  },
  testing: { may: everythingInside.filter((area) => !["tools", "templates", "providers", "store"].includes(area)) },
  entries: { may: [...everythingInside, "testing"] },
  cli: {
    may: ["core", "signature", "entries"],
    never: Object.fromEntries(
      [...everythingInside.filter((area) => area !== "core" && area !== "signature"), "testing"].map((area) => [
        area,
        "import it through src/entries, as a user of the package does",
      ]),
    ),
  },
};

/** The rooms of core, lowest first; a file imports its own room and those before it. The words lie in core itself. */
export const coreRooms: readonly string[] = ["errors", "json", "runtime", "events", "", "door"];

/** What to do instead of importing an area that is not allowed, unless the arrow says it better. */
export const waysOut: Readonly<Record<string, string>> = {
  signature: "work on the Shape of core/runnable.ts, which says what a lower area may know of a signature",
  layers: "say what you want as plain data in `policy`; the layer reads it",
  introspection: "emit an event and let a fold read it",
  eviction: "hold a CacheManager or a SharedCache of core/cache-settings.ts; what leaves when is its own affair",
  errors: "take a RecoveryChoice of core/recovery-settings.ts; users make it with flock-ts/errors",
  store: "take a port of core (key-value-store.ts, vector-store.ts) and let the composition root hand the store in",
  models: "take a Runnable, or ask context.resolveModel",
  patterns: "take a Runnable and call it through context.call",
  prompt: "take a Runnable and leave its messages to it",
  agent: "take a Runnable (core/runnable.ts) and call it through context.call",
  tools: "take a Runnable and call it through context.call",
  templates: "take the agent a template made as a Runnable",
  providers: "emit an event; the provider listens",
  flock: "take what you need from the RunEnvironment of core/environment.ts",
  testing: "test doubles belong in tests; take the Runtime or the model as an option",
  entries: "import the file that defines it; entries are the front doors of users and faces",
  cli: "the command line is an edge; move what you need below it",
};

/** Packages whose types may appear in the source; every other package is loaded with `await import()` where it is used. */
export const typePackages: readonly string[] = ["@ai-sdk/provider", "@standard-schema/spec"];

/** Powers over the outside world, and who may use them. Everyone else takes the Runtime handed in. */
export const powers: readonly { readonly names: readonly string[]; readonly only: string; readonly wayOut: string }[] =
  [
    {
      names: ["Date.now", "new Date()", "Date()", "performance.now", "process.hrtime", "globalThis.performance"],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.now() for the wall clock or runtime.monotonic() for durations",
    },
    {
      names: ["setTimeout", "setInterval", "globalThis.setTimeout", "globalThis.setInterval", "AbortSignal.timeout"],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.setTimer() or runtime.sleep()",
    },
    {
      names: [
        "Math.random",
        "randomUUID",
        "crypto.randomUUID",
        "randomBytes",
        "getRandomValues",
        "crypto.getRandomValues",
      ],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.random() or runtime.createId()",
    },
    {
      names: ["fetch()", "globalThis.fetch"],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.fetch()",
    },
    {
      names: ["process.memoryUsage"],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.memory()",
    },
    {
      names: ["process.env"],
      only: "core/runtime/system-runtime.ts",
      wayOut: "call runtime.variable(name)",
    },
    {
      names: ["AbortSignal.any"],
      only: "nobody",
      wayOut: "cancellation travels on the ExecutionContext; joining signals costs too much on the path of every call",
    },
    {
      // A computation that waits for itself can be found in no other way, and only a cache's misses pay for it.
      names: ["AsyncLocalStorage"],
      only: "layers/cache/current-flight.ts",
      wayOut: "context travels on the ExecutionContext; this costs too much on the path of every call",
    },
    {
      names: ["eval()", "new Function()", "new Function(…)", "Function()", "import(computed)"],
      only: "nobody",
      wayOut: "no text is ever run as code; name the package in a literal import()",
    },
    {
      names: [".perform()"],
      only: "core/door/door.ts",
      wayOut: "call context.call(runnable, input), so that the layers see the call",
    },
  ];

/** Files of more than 250 lines, each with the reason why it is not two files. */
export const longFiles: Readonly<Record<string, string>> = {
  "core/errors/errors.ts": "the one table of codes; four fifths of it are types, which are read together",
  "agent/declarative-agent.ts": "the public face; half of it documents and checks options",
  "layers/resources/queue/waiting-room.ts":
    "one queue; serving, leaving and moving all change the same lines, and ranks, timer and circles are apart already",
  "layers/resources/resource-manager.ts": "the public face; two fifths of it document options, errors and guarantees",
  "core/events/event.ts": "one union; half of it says what each field means",
  "agent/tool.ts": "one declaration; its overloads and documented options are most of it",
  "core/door/execution-context.ts":
    "one object is the context, the layers' call and the attempt, so that a call costs one allocation",
  "prompt/read/partial-reader.ts": "one state machine over characters; its steps share the state of every open object",
  "prompt/read/tolerant-reader.ts": "one cursor with its own stack; each rule of mending looks at the same position",
  "layers/cache/cache-manager.ts":
    "one lifetime; two fifths of it documents, and what it does is in the files beside it",
  "prompt/read/tolerant-string.ts": "one cursor over a string; every rule about a quote looks at the same position",
  "introspection/watch/performance-monitor.ts":
    "one lifetime; runs, nested calls and alerts end in the same record, and a quarter of it documents",
  "introspection/record/input-fingerprint.ts":
    "one recursion whose results are variables of the module, so that no step of it allocates",
  "providers/vector-store-provider.ts":
    "one lifetime; a third of it documents options and answers, the queue is apart already",
  "signature/infer-signature.ts": "the type twin of the whole parser; its rules refer to one another all the way down",
};
