/** Errors as vendors document them and as Node throws them, each with what must be made of it. */

import type { FailureProgress, ModelFailureCode } from "../../src/core/errors/errors.ts";

/** Whose client asks. `compatible` stands for every vendor that speaks OpenAI's chat completions. */
export type ShapeVendor = "openai" | "anthropic" | "google" | "compatible" | "ollama";

/** An answer with an error, and what must be made of it. */
export interface ErrorShape {
  readonly what: string;
  readonly vendor: ShapeVendor;
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly code: ModelFailureCode;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

const passing = true;
const final = false;

type Row = readonly [
  what: string,
  status: number,
  body: unknown,
  code: ModelFailureCode,
  retryable: boolean,
  more?: Pick<ErrorShape, "headers" | "retryAfterMs">,
];

const rowsOf = (vendor: ShapeVendor, rows: readonly Row[]): readonly ErrorShape[] =>
  rows.map(([what, status, body, code, retryable, more]) => ({ what, vendor, status, body, code, retryable, ...more }));

/** The header and the wait it must be read as. */
const wait = (seconds: string, ms: number) => ({ headers: { "retry-after": seconds }, retryAfterMs: ms });

const openaiBody = (code: string | null, type: string, message: string) => ({
  error: { message, type, param: null, code },
});

// https://platform.openai.com/docs/guides/error-codes
const openai = rowsOf("openai", [
  [
    "a key that is none",
    401,
    openaiBody(
      "invalid_api_key",
      "invalid_request_error",
      "Incorrect API key provided: sk-canary1234567890. You can find yours in your account.",
    ),
    "model_unauthorized",
    final,
  ],
  [
    "a country that is not served",
    403,
    openaiBody(
      "unsupported_country_region_territory",
      "request_forbidden",
      "Country, region, or territory not supported",
    ),
    "model_unauthorized",
    final,
  ],
  [
    "too many requests a minute",
    429,
    openaiBody(
      "rate_limit_exceeded",
      "requests",
      "Rate limit reached for gpt-5 in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.",
    ),
    "rate_limited",
    passing,
    wait("20", 20_000),
  ],
  [
    "too many tokens a minute, by milliseconds",
    429,
    openaiBody(
      "rate_limit_exceeded",
      "tokens",
      "Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.",
    ),
    "rate_limited",
    passing,
    { headers: { "retry-after-ms": "1999", "retry-after": "2" }, retryAfterMs: 1_999 },
  ],
  [
    "more tokens at once than a minute allows",
    429,
    openaiBody(
      "rate_limit_exceeded",
      "tokens",
      "Request too large for gpt-5 on tokens per min (TPM): Limit 30000, Requested 45000. The input or output tokens must be reduced.",
    ),
    "context_too_long",
    final,
  ],
  [
    "a quota that is used up",
    429,
    openaiBody(
      "insufficient_quota",
      "insufficient_quota",
      "You exceeded your current quota, please check your plan and billing details.",
    ),
    "quota_exhausted",
    final,
  ],
  [
    "a hard limit on the bill",
    400,
    openaiBody("billing_hard_limit_reached", "invalid_request_error", "Billing hard limit has been reached"),
    "quota_exhausted",
    final,
  ],
  [
    "a failure of the server",
    500,
    openaiBody(null, "server_error", "The server had an error while processing your request."),
    "model_failed",
    passing,
  ],
  [
    "an overloaded engine",
    503,
    openaiBody(null, "server_error", "The engine is currently overloaded, please try again later."),
    "overloaded",
    passing,
  ],
  ["a rise that is too steep", 503, openaiBody("slow_down", "server_error", "Slow Down"), "overloaded", passing],
  [
    "an input that is too long",
    400,
    openaiBody(
      "context_length_exceeded",
      "invalid_request_error",
      "Your input exceeds the context window of this model. Please adjust your input and try again.",
    ),
    "context_too_long",
    final,
  ],
  [
    "a string that is too long",
    400,
    openaiBody(
      "string_above_max_length",
      "invalid_request_error",
      "Invalid 'input': string too long. Expected a string with maximum length 10485760.",
    ),
    "context_too_long",
    final,
  ],
  [
    "a prompt against the usage policy",
    400,
    openaiBody(
      "invalid_prompt",
      "invalid_request_error",
      "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
    ),
    "content_blocked",
    final,
  ],
  [
    "content against the policy",
    400,
    openaiBody(
      "content_policy_violation",
      "invalid_request_error",
      "Your request was rejected as a result of our safety system.",
    ),
    "content_blocked",
    final,
  ],
  [
    "a setting that is too high",
    400,
    openaiBody(
      "invalid_value",
      "invalid_request_error",
      "max_tokens is too large: 900000. This model supports at most 16384 completion tokens.",
    ),
    "model_request_invalid",
    final,
  ],
  [
    "a parameter that is none",
    400,
    openaiBody(
      "unsupported_parameter",
      "invalid_request_error",
      "Unsupported parameter: 'temperature' is not supported with this model.",
    ),
    "model_request_invalid",
    final,
  ],
  [
    "a model that is none",
    404,
    openaiBody(
      "model_not_found",
      "invalid_request_error",
      "The model `gpt-9` does not exist or you do not have access to it.",
    ),
    "model_request_invalid",
    final,
  ],
]);

const anthropicBody = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
  request_id: "req_018EeWyXxfu5pfWkrYcMdjWG",
});

// https://docs.claude.com/en/api/errors
const anthropic = rowsOf("anthropic", [
  [
    "a request that is wrong",
    400,
    anthropicBody("invalid_request_error", "messages: at least one message is required"),
    "model_request_invalid",
    final,
  ],
  [
    "a prompt that is too long",
    400,
    anthropicBody("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
    "context_too_long",
    final,
  ],
  [
    "an answer that would not fit",
    400,
    anthropicBody(
      "invalid_request_error",
      "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again",
    ),
    "context_too_long",
    final,
  ],
  [
    "a credit that is used up",
    400,
    anthropicBody(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    "quota_exhausted",
    final,
  ],
  [
    "a limit on spending",
    400,
    anthropicBody(
      "invalid_request_error",
      "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    "quota_exhausted",
    final,
  ],
  [
    "an answer that is blocked",
    400,
    anthropicBody("invalid_request_error", "Output blocked by content filtering policy"),
    "content_blocked",
    final,
  ],
  ["a key that is none", 401, anthropicBody("authentication_error", "invalid x-api-key"), "model_unauthorized", final],
  [
    "a bill that is open",
    402,
    anthropicBody("billing_error", "There is an issue with your billing."),
    "quota_exhausted",
    final,
  ],
  [
    "a key that may not",
    403,
    anthropicBody("permission_error", "Your API key does not have permission to use the specified resource."),
    "model_unauthorized",
    final,
  ],
  ["a model that is none", 404, anthropicBody("not_found_error", "model: claude-9"), "model_request_invalid", final],
  [
    "a request of too many bytes",
    413,
    anthropicBody("request_too_large", "Request exceeds the maximum size"),
    "context_too_long",
    final,
  ],
  [
    "too many tokens a minute",
    429,
    anthropicBody(
      "rate_limit_error",
      "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
    ),
    "rate_limited",
    passing,
    wait("13", 13_000),
  ],
  ["a failure of the server", 500, anthropicBody("api_error", "Internal server error"), "model_failed", passing],
  ["a timeout of the server", 504, anthropicBody("timeout_error", "Request timed out"), "model_failed", passing],
  ["overload", 529, anthropicBody("overloaded_error", "Overloaded"), "overloaded", passing],
  [
    "a failure that is final by header",
    500,
    anthropicBody("api_error", "Internal server error"),
    "model_failed",
    final,
    { headers: { "x-should-retry": "false" } },
  ],
]);

const googleBody = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, message, status, details },
});
const quota = (quotaId: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaId }],
});
const retryIn = (retryDelay: string) => ({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay });
const overQuota = "You exceeded your current quota, please check your plan and billing details.";

// https://ai.google.dev/gemini-api/docs/troubleshooting
const google = rowsOf("google", [
  [
    "a request that is wrong",
    400,
    googleBody(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "model_request_invalid",
    final,
  ],
  [
    "a key that is none",
    400,
    googleBody(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" },
    ]),
    "model_unauthorized",
    final,
  ],
  [
    "an input that is too long",
    400,
    googleBody(
      400,
      "INVALID_ARGUMENT",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "context_too_long",
    final,
  ],
  [
    "a country without a free tier",
    400,
    googleBody(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "model_request_invalid",
    final,
  ],
  [
    "a key that may not",
    403,
    googleBody(403, "PERMISSION_DENIED", "Your API key doesn't have the required permissions."),
    "model_unauthorized",
    final,
  ],
  [
    "a model that is none",
    404,
    googleBody(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta"),
    "model_request_invalid",
    final,
  ],
  [
    "too many requests a minute",
    429,
    googleBody(429, "RESOURCE_EXHAUSTED", overQuota, [
      quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
      retryIn("34.5s"),
    ]),
    "rate_limited",
    passing,
    { retryAfterMs: 34_500 },
  ],
  [
    "a day's quota that is used up",
    429,
    googleBody(429, "RESOURCE_EXHAUSTED", overQuota, [
      quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      retryIn("51s"),
    ]),
    "quota_exhausted",
    final,
    { retryAfterMs: 51_000 },
  ],
  [
    "a failure of the server",
    500,
    googleBody(500, "INTERNAL", "An internal error has occurred."),
    "model_failed",
    passing,
  ],
  [
    "overload",
    503,
    googleBody(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "overloaded",
    passing,
  ],
  [
    "a deadline of the server",
    504,
    googleBody(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    "model_failed",
    passing,
  ],
]);

const mistralBody = (type: string, code: string, message: string) => ({
  object: "error",
  message,
  type,
  param: null,
  code,
});
const openrouterBody = (code: number, message: string, metadata?: object) => ({
  error: { code, message, ...(metadata === undefined ? {} : { metadata }) },
});

const compatible = rowsOf("compatible", [
  // https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
  [
    "Azure: a prompt that is filtered",
    400,
    {
      error: {
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: {
          code: "ResponsibleAIPolicyViolation",
          content_filter_result: { hate: { filtered: true, severity: "high" } },
        },
      },
    },
    "content_blocked",
    final,
  ],
  [
    "Azure: too many calls",
    429,
    {
      error: {
        code: "429",
        message:
          "Requests have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.",
      },
    },
    "rate_limited",
    passing,
    wait("6", 6_000),
  ],
  [
    "Azure: high demand",
    429,
    {
      error: {
        code: "429",
        message: "The system is currently experiencing high demand and cannot process your request.",
      },
    },
    "overloaded",
    passing,
  ],
  [
    "Azure: a deployment that is none",
    404,
    { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
    "model_request_invalid",
    final,
  ],
  // https://console.groq.com/docs/errors
  [
    "Groq: flex tier without capacity",
    498,
    { error: { message: "Flex tier capacity exceeded", type: "capacity_exceeded" } },
    "overloaded",
    passing,
  ],
  [
    "Groq: a request that is too large",
    413,
    {
      error: {
        message:
          "Request too large for model `llama-3.3-70b-versatile` on tokens per minute (TPM): Limit 6000, Requested 7000",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
    "context_too_long",
    final,
  ],
  [
    "Groq: a generation that failed",
    424,
    { error: { message: "Failed dependency", type: "invalid_request_error" } },
    "model_failed",
    passing,
  ],
  [
    "Groq: too many tokens a day",
    429,
    {
      error: {
        message:
          "Rate limit reached for model on tokens per day (TPD): Limit 100000, Used 99900. Please try again in 7m12s.",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
    "rate_limited",
    passing,
    wait("432", 432_000),
  ],
  // https://docs.mistral.ai/api
  [
    "Mistral: too many requests",
    429,
    mistralBody("rate_limited", "1300", "Rate limit exceeded"),
    "rate_limited",
    passing,
  ],
  [
    "Mistral: a tier without capacity",
    429,
    mistralBody("service_tier_capacity_exceeded", "3505", "Service tier capacity exceeded for this model."),
    "overloaded",
    passing,
  ],
  [
    "Mistral: a prompt that is too long",
    400,
    mistralBody(
      "invalid_request_prompt",
      "3051",
      "Prompt contains 66385 tokens, too large for model with 32768 maximum context length",
    ),
    "context_too_long",
    final,
  ],
  [
    "Mistral: a field that is missing",
    422,
    {
      object: "error",
      message: { detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required" }] },
      type: "invalid_request_error",
    },
    "model_request_invalid",
    final,
  ],
  // https://api-docs.deepseek.com/quick_start/error_codes
  [
    "DeepSeek: no balance",
    402,
    openaiBody("invalid_request_error", "unknown_error", "Insufficient Balance"),
    "quota_exhausted",
    final,
  ],
  [
    "DeepSeek: a key that is none",
    401,
    openaiBody(
      "invalid_request_error",
      "authentication_error",
      "Authentication Fails, Your api key: ****canary is invalid",
    ),
    "model_unauthorized",
    final,
  ],
  [
    "DeepSeek: content that is refused",
    400,
    openaiBody("invalid_request_error", "invalid_request_error", "Content Exists Risk"),
    "content_blocked",
    final,
  ],
  [
    "DeepSeek: overload",
    503,
    openaiBody("service_unavailable_error", "service_unavailable_error", "Service is too busy."),
    "overloaded",
    passing,
  ],
  // https://openrouter.ai/docs/api/reference/errors-and-debugging
  [
    "OpenRouter: no credits",
    402,
    openrouterBody(402, "Insufficient credits. Add more using https://openrouter.ai/credits"),
    "quota_exhausted",
    final,
  ],
  [
    "OpenRouter: input that is flagged",
    403,
    openrouterBody(403, "Your chosen model requires moderation and your input was flagged", {
      reasons: ["violence"],
      flagged_input: "canary-input",
      provider_name: "p",
      model_slug: "m",
    }),
    "content_blocked",
    final,
  ],
  ["OpenRouter: a timeout", 408, openrouterBody(408, "Request timed out"), "model_failed", passing],
  [
    "OpenRouter: the free day is over",
    429,
    openrouterBody(
      429,
      "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
    ),
    "quota_exhausted",
    final,
  ],
  [
    "OpenRouter: a vendor that is down",
    502,
    openrouterBody(502, "Provider returned error", { provider_name: "p", raw: "upstream canary" }),
    "model_failed",
    passing,
  ],
  [
    "OpenRouter: no vendor left",
    503,
    openrouterBody(503, "No available model provider that meets your routing requirements"),
    "overloaded",
    passing,
  ],
  [
    "OpenRouter: a prompt that is too long",
    400,
    openrouterBody(
      400,
      "This endpoint's maximum context length is 128000 tokens. However, you requested about 150000 tokens.",
    ),
    "context_too_long",
    final,
  ],
  [
    "OpenRouter: an error in an answer of status 200",
    200,
    openrouterBody(429, "Provider is rate limited"),
    "rate_limited",
    passing,
  ],
  // https://docs.together.ai/docs/error-codes
  [
    "Together: more tokens than the model takes",
    422,
    openaiBody(
      null,
      "invalid_request_error",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5013 `inputs` tokens and 128 `max_new_tokens`",
    ),
    "context_too_long",
    final,
  ],
  [
    "Together: engine overloaded",
    503,
    openaiBody(null, "service_unavailable", "The engine is currently overloaded"),
    "overloaded",
    passing,
  ],
  // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
  [
    "vLLM: a prompt that is too long",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 8203 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
    "context_too_long",
    final,
  ],
  [
    "vLLM: a model that is none",
    404,
    { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", param: null, code: 404 },
    "model_request_invalid",
    final,
  ],
  // https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
  [
    "Bedrock: throttled",
    429,
    { message: "Too many tokens, please wait before trying again." },
    "rate_limited",
    passing,
    { headers: { "x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/" } },
  ],
  [
    "Bedrock: a model that is not ready",
    429,
    { message: "Model is not ready for inference." },
    "overloaded",
    passing,
    { headers: { "x-amzn-errortype": "ModelNotReadyException" } },
  ],
  [
    "Bedrock: no access",
    403,
    { message: "You don't have access to the model with the specified model ID." },
    "model_unauthorized",
    final,
    { headers: { "x-amzn-errortype": "AccessDeniedException" } },
  ],
  [
    "Bedrock: an input that is too long",
    400,
    { message: "Input is too long for requested model." },
    "context_too_long",
    final,
    { headers: { "x-amzn-errortype": "ValidationException" } },
  ],
  [
    "Bedrock: a model that failed",
    424,
    { message: "The system encountered an unexpected error during processing." },
    "model_failed",
    passing,
    { headers: { "x-amzn-errortype": "ModelErrorException" } },
  ],
  [
    "Bedrock: a signature that is wrong",
    400,
    { message: "The request signature does not conform to AWS standards." },
    "model_unauthorized",
    final,
    { headers: { "x-amzn-errortype": "IncompleteSignature" } },
  ],
  ["a gateway's page", 502, "<html><body>502 Bad Gateway canary</body></html>", "model_failed", passing],
  [
    "a gateway's page of no service",
    503,
    "<html><body>503 canary</body></html>",
    "overloaded",
    passing,
    { headers: { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, retryAfterMs: 60_000 },
  ],
  ["a redirect", 307, "", "model_request_invalid", final, { headers: { location: "https://elsewhere.test/" } }],
]);

// https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx
const ollama = rowsOf("ollama", [
  [
    "a model that is not pulled",
    404,
    openaiBody(null, "api_error", 'model "llama3.2" not found, try pulling it first'),
    "model_request_invalid",
    final,
  ],
  [
    "a queue that is full",
    503,
    openaiBody(null, "api_error", "server busy, please try again. maximum pending requests exceeded"),
    "overloaded",
    passing,
  ],
  [
    "a runner that stopped",
    500,
    openaiBody(null, "api_error", "model runner has unexpectedly stopped"),
    "model_failed",
    passing,
  ],
  [
    "an input that is too long",
    400,
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size, try increasing it",
        type: "exceed_context_size_error",
      },
    },
    "context_too_long",
    final,
  ],
]);

/** Answers with errors, of every vendor. */
export const errorShapes: readonly ErrorShape[] = [...openai, ...anthropic, ...google, ...compatible, ...ollama];

/** A code of Node's, of its fetch or its TLS, where it stands in an error, and what it means. */
export const systemCodes: readonly (readonly [code: string, retryable: boolean, FailureProgress, syscall?: string])[] =
  [
    // https://nodejs.org/api/errors.html#common-system-errors
    ["ENOTFOUND", passing, "not-sent"],
    ["EAI_AGAIN", passing, "not-sent"],
    ["ECONNREFUSED", passing, "not-sent"],
    ["EHOSTUNREACH", passing, "not-sent"],
    ["ENETUNREACH", passing, "not-sent"],
    ["ETIMEDOUT", passing, "not-sent", "connect"],
    ["ETIMEDOUT", passing, "sent", "read"],
    ["ECONNRESET", passing, "sent", "read"],
    ["EPIPE", passing, "sent", "write"],
    // https://undici.nodejs.org/#/docs/api/Errors
    ["UND_ERR_CONNECT_TIMEOUT", passing, "not-sent"],
    ["UND_ERR_HEADERS_TIMEOUT", passing, "sent"],
    ["UND_ERR_BODY_TIMEOUT", passing, "answering"],
    ["UND_ERR_SOCKET", passing, "sent"],
    // https://nodejs.org/api/tls.html#x509-certificate-error-codes
    ["CERT_HAS_EXPIRED", final, "not-sent"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", final, "not-sent"],
    ["SELF_SIGNED_CERT_IN_CHAIN", final, "not-sent"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", final, "not-sent"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", final, "not-sent"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", final, "not-sent"],
  ];
