/** The front door `flock-ts/templates`: parameters in, agents out. */

import "../flock.ts";

export { AgentTemplate, type AgentTemplateOptions } from "../templates/agent-template.ts";
export { AnalysisAgentTemplate } from "../templates/analysis-agent-template.ts";
export { ResearchAgentTemplate } from "../templates/research-agent-template.ts";
export { TemplateRegistry } from "../templates/template-registry.ts";
