/** Lets the compilers take the import of a package that is never installed here; native-library.ts has its types. */

declare module "node-llama-cpp";
