/** The front door `flock-ts/patterns`: ways to join agents whose fields connect. */

import "../flock.ts";

export { OrchestrationAgent, type OrchestrationAgentOptions } from "../patterns/orchestration-agent.ts";
export { ParallelPattern, type ParallelPatternOptions } from "../patterns/parallel-pattern.ts";
export { SequentialPattern, type SequentialPatternOptions } from "../patterns/sequential-pattern.ts";
