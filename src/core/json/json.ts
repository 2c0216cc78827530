/** Plain JSON: what crosses the door, lies in caches and journals, and leaves the process. */

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };
/** A JSON Schema document, draft 2020-12, as plain data. */
export type JsonSchema = { readonly [key: string]: Json };
