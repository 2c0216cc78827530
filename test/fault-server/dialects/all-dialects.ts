/** Every protocol that a model string can lead to. */

import { anthropic } from "./anthropic.ts";
import type { Dialect } from "./dialect.ts";
import { google } from "./google.ts";
import { ollama, openAiCompatible } from "./openai-chat.ts";
import { openAiResponses } from "./openai-responses.ts";

export const dialects: readonly Dialect[] = [openAiResponses, openAiCompatible, ollama, anthropic, google];
