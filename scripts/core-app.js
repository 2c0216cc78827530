/** An application as small as they come: what its bundler must carry of the package is weighed by check-budgets.ts. */

export { DeclarativeAgent, Flock, OrchestrationAgent, TypeRegistry, tool } from "../dist/index.js";
