/** Loads optional packages late, so that nobody installs what they do not use and a missing one says what to do. */

import { FlockError } from "../errors/errors.ts";

/** A package that is not installed with the framework. */
export interface OptionalPackage<Module> {
  readonly name: string;
  /** Completes "… is needed to …", such as `read PDF files`. */
  readonly purpose: string;
  /** What to install when more than the package itself is needed. @default its name */
  readonly install?: string;
  /** The import, written out where the package is used. */
  readonly load: () => Promise<Module>;
}

/**
 * Imports an optional package.
 *
 * @throws package_missing when it is not installed; any error of the package's own start as it came.
 */
export async function loadPackage<Module>(wanted: OptionalPackage<Module>): Promise<Module> {
  try {
    return await wanted.load();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const install = `npm install ${wanted.install ?? wanted.name}`;
    throw new FlockError(
      "package_missing",
      `the package "${wanted.name}" is needed to ${wanted.purpose} and is not installed; run: ${install}`,
      { details: { package: wanted.name, install, purpose: wanted.purpose }, cause: error },
    );
  }
}

function isNotFound(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
