/**
 * Gives every property test of a run one seed, so that a commit passes or fails in the same way wherever it is tested.
 * `FLOCK_TEST_SEED` takes another seed than 1; `npm run test:seeds` tries new ones.
 */

import fc from "fast-check";

const seed = Number(process.env["FLOCK_TEST_SEED"] ?? 1);

if (!Number.isInteger(seed))
  throw new Error(`FLOCK_TEST_SEED must be an integer, not '${process.env["FLOCK_TEST_SEED"]}'`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
