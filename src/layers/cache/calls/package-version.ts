/** The version of this package, a part of what decides an answer: a newer one may ask models in other words. */

/** The same as in package.json; a test says so. */
export const packageVersion = "0.1.0";
