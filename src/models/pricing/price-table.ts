/**
 * What vendors ask for their models, in US dollars for a million tokens: standard service tier, text, the shorter cache
 * lifetime. A model that is not here has no known price. How rows get in: docs/decisions/prices-from-a-dated-table.md.
 */

/** Input, output, input read from the vendor's cache, input written to it. One left out costs as much as plain input. */
export type DollarRates = readonly [input: number, output: number, cacheRead?: number, cacheWrite?: number];

/** What else a vendor says about a price. */
export interface RowDetails {
  /** Rates of the whole request when its input is longer than `above` tokens. */
  readonly long?: { readonly above: number; readonly rates: DollarRates };
  /** Rates that are announced to hold from a day on, UTC. */
  readonly next?: { readonly from: string; readonly rates: DollarRates };
}

/** One model. */
export type TableRow = DollarRates | readonly [DollarRates, RowDetails];

/** One vendor's models. */
export interface VendorPrices {
  /** The vendor's own page of prices. */
  readonly source: string;
  /** The day all of them were known to hold; a row added since then came with its model. */
  readonly asOf: string;
  readonly models: Readonly<Record<string, TableRow>>;
}

/** Gives a row with other rates for long requests. */
function tiered(rates: DollarRates, above: number, long: DollarRates): TableRow {
  return [rates, { long: { above, rates: long } }];
}

/** Gemini 3.6 to 3.8 Flash cost half until the end of 2026. */
const flashUntil2027: TableRow = [[0.75, 3.75, 0.075], { next: { from: "2027-01-01", rates: [1.5, 7.5, 0.15] } }];

/** Prices by vendor and model id. */
export const priceTable: Readonly<Record<string, VendorPrices>> = {
  openai: {
    source: "https://developers.openai.com/api/docs/pricing",
    asOf: "2026-09-23",
    models: {
      "gpt-3.5-turbo": [0.5, 1.5],
      "gpt-4": [30, 60],
      "gpt-4-turbo": [10, 30],
      "gpt-4.1": [2, 8, 0.5],
      "gpt-4.1-mini": [0.4, 1.6, 0.1],
      "gpt-4.1-nano": [0.1, 0.4, 0.025],
      "gpt-4o": [2.5, 10, 1.25],
      "gpt-4o-2024-05-13": [5, 15],
      "gpt-4o-mini": [0.15, 0.6, 0.075],
      "gpt-5": [1.25, 10, 0.125],
      "gpt-5-chat-latest": [1.25, 10, 0.125],
      "gpt-5-codex": [1.25, 10, 0.125],
      "gpt-5-mini": [0.25, 2, 0.025],
      "gpt-5-nano": [0.05, 0.4, 0.005],
      "gpt-5-pro": [15, 120],
      "gpt-5.1": [1.25, 10, 0.125],
      "gpt-5.1-codex": [1.25, 10, 0.125],
      "gpt-5.1-codex-mini": [0.25, 2, 0.025],
      "gpt-5.2": [1.75, 14, 0.175],
      "gpt-5.2-pro": [21, 168],
      "gpt-5.3-codex": [1.75, 14, 0.175],
      "gpt-5.4": tiered([2.5, 15, 0.25], 271_999, [5, 22.5, 0.5]),
      "gpt-5.4-mini": [0.75, 4.5, 0.075],
      "gpt-5.4-nano": [0.2, 1.25, 0.02],
      "gpt-5.4-pro": tiered([30, 180], 271_999, [60, 270]),
      "gpt-5.5": tiered([5, 30, 0.5], 271_999, [10, 45, 1]),
      "gpt-5.5-pro": tiered([30, 180], 271_999, [60, 270]),
      "gpt-5.6": tiered([4, 20, 0.4, 5], 271_999, [8, 30, 0.8, 10]),
      "gpt-5.6-luna": tiered([0.2, 1.2, 0.02, 0.25], 271_999, [0.4, 1.8, 0.04, 0.5]),
      "gpt-5.6-sol": tiered([4, 20, 0.4, 5], 271_999, [8, 30, 0.8, 10]),
      "gpt-5.6-terra": tiered([2, 12, 0.2, 2.5], 271_999, [4, 18, 0.4, 5]),
      "gpt-6-astra": tiered([10, 50, 1, 12.5], 271_999, [20, 75, 2, 25]),
      "gpt-6-luna": tiered([0.1, 0.5, 0.01, 0.125], 272_000, [0.2, 0.75, 0.02, 0.25]),
      "gpt-6-sol": tiered([2, 10, 0.2, 2.5], 272_000, [4, 15, 0.4, 5]),
      "gpt-6.1-terra": tiered([1, 5, 0.05, 1.25], 272_000, [2, 7.5, 0.1, 2.5]),
      "gpt-6.2-astra": tiered([8, 40, 0.4, 10], 272_000, [16, 60, 0.8, 20]),
      "gpt-6.2-sol": tiered([2, 10, 0.1, 2.5], 272_000, [4, 15, 0.2, 5]),
      o1: [15, 60, 7.5],
      "o1-pro": [150, 600],
      o3: [2, 8, 0.5],
      "o3-mini": [1.1, 4.4, 0.55],
      "o3-pro": [20, 80],
      "o4-mini": [1.1, 4.4, 0.275],
      "text-embedding-3-large": [0.13, 0],
      "text-embedding-3-small": [0.02, 0],
      "text-embedding-ada-002": [0.1, 0],
    },
  },
  anthropic: {
    source: "https://platform.claude.com/docs/en/about-claude/pricing",
    asOf: "2026-10-24",
    models: {
      "claude-3-5-haiku": [0.8, 4, 0.08, 1],
      "claude-3-5-haiku-latest": [0.8, 4, 0.08, 1],
      "claude-3-7-sonnet": [3, 15, 0.3, 3.75],
      "claude-3-7-sonnet-latest": [3, 15, 0.3, 3.75],
      "claude-3-haiku": [0.25, 1.25, 0.03, 0.3],
      "claude-3-opus": [15, 75, 1.5, 18.75],
      "claude-3-opus-latest": [15, 75, 1.5, 18.75],
      "claude-fable-5": [10, 50, 1, 12.5],
      "claude-fable-5-1": [10, 50, 0.25, 12.5],
      "claude-haiku-4-5": [1, 5, 0.1, 1.25],
      "claude-haiku-5-5": tiered([0.1, 0.5, 0.01, 0.125], 100_000, [0.5, 2.5, 0.05, 0.625]),
      "claude-opus-4": [15, 75, 1.5, 18.75],
      "claude-opus-4-0": [15, 75, 1.5, 18.75],
      "claude-opus-4-1": [15, 75, 1.5, 18.75],
      "claude-opus-4-5": [5, 25, 0.5, 6.25],
      "claude-opus-4-6": [5, 25, 0.5, 6.25],
      "claude-opus-4-7": [5, 25, 0.5, 6.25],
      "claude-opus-4-8": [5, 25, 0.5, 6.25],
      "claude-opus-5": [5, 25, 0.5, 6.25],
      "claude-opus-5-5": [4, 20, 0.2, 5],
      "claude-sonnet-4": [3, 15, 0.3, 3.75],
      "claude-sonnet-4-0": [3, 15, 0.3, 3.75],
      "claude-sonnet-4-5": [3, 15, 0.3, 3.75],
      "claude-sonnet-4-6": [3, 15, 0.3, 3.75],
      "claude-sonnet-5": [2, 10, 0.2, 2.5],
      "claude-sonnet-5-5": [2, 10, 0.1, 2.5],
    },
  },
  google: {
    source: "https://ai.google.dev/gemini-api/docs/pricing",
    asOf: "2026-09-23",
    models: {
      "gemini-2.0-flash": [0.1, 0.4, 0.025],
      "gemini-2.0-flash-lite": [0.075, 0.3],
      "gemini-2.5-flash": [0.3, 2.5, 0.03],
      "gemini-2.5-flash-lite": [0.1, 0.4, 0.01],
      "gemini-2.5-pro": tiered([1.25, 10, 0.125], 200_000, [2.5, 15, 0.25]),
      "gemini-3-flash-preview": [0.5, 3, 0.05],
      "gemini-3-pro-preview": tiered([2, 12, 0.2], 200_000, [4, 18, 0.4]),
      "gemini-3.1-flash-lite": [0.25, 1.5, 0.025],
      "gemini-3.1-pro-preview": tiered([2, 12, 0.2], 200_000, [4, 18, 0.4]),
      "gemini-3.5-flash": [1.5, 9, 0.15],
      "gemini-3.5-flash-lite": [0.3, 2.5, 0.03],
      "gemini-3.6-flash": flashUntil2027,
      "gemini-3.7-flash": flashUntil2027,
      "gemini-3.8-flash": flashUntil2027,
      "gemini-4-hydrogen": [1.5, 7.5, 0.075],
      "gemini-4-neon": [3, 15, 0.15],
      "gemini-embedding-001": [0.15, 0],
    },
  },
  mistral: {
    source: "https://mistral.ai/pricing/api",
    asOf: "2026-09-23",
    models: {
      "codestral-2508": [0.3, 0.9, 0.03],
      "devstral-2512": [0.4, 2, 0.04],
      "ministral-14b-2512": [0.2, 0.2, 0.02],
      "ministral-3b-2512": [0.1, 0.1, 0.01],
      "ministral-8b-2512": [0.15, 0.15, 0.015],
      "mistral-embed": [0.1, 0],
      "mistral-large-2512": [0.5, 1.5, 0.05],
      "mistral-medium-2508": [0.4, 2, 0.04],
      "mistral-medium-3-5": [1.5, 7.5, 0.15],
      "mistral-small-2603": [0.15, 0.6, 0.015],
    },
  },
  groq: {
    source: "https://console.groq.com/docs/models",
    asOf: "2026-09-23",
    models: {
      "llama-3.1-8b-instant": [0.05, 0.08],
      "llama-3.3-70b-versatile": [0.59, 0.79],
      "meta-llama/llama-4-scout-17b-16e-instruct": [0.11, 0.34],
      "openai/gpt-oss-120b": [0.15, 0.6, 0.075],
      "openai/gpt-oss-20b": [0.075, 0.3, 0.0375],
      "qwen/qwen3-32b": [0.29, 0.59],
    },
  },
  xai: {
    source: "https://docs.x.ai/docs/models",
    asOf: "2026-09-23",
    models: {
      "grok-3": [3, 15, 0.75],
      "grok-3-mini": [0.3, 0.5, 0.075],
      "grok-4": [3, 15, 0.75],
      "grok-4-0709": [3, 15, 0.75],
      "grok-4-1-fast-non-reasoning": [0.2, 0.5, 0.05],
      "grok-4-1-fast-reasoning": [0.2, 0.5, 0.05],
      "grok-4-fast-non-reasoning": [0.2, 0.5, 0.05],
      "grok-4-fast-reasoning": [0.2, 0.5, 0.05],
      "grok-4.3": tiered([1.25, 2.5, 0.2], 199_999, [2.5, 5, 0.4]),
      "grok-4.5": tiered([2, 6, 0.3], 199_999, [4, 12, 0.6]),
      "grok-4.6": tiered([2, 6, 0.5], 199_999, [4, 12, 1]),
      "grok-code-fast-1": [0.2, 1.5, 0.02],
    },
  },
};
