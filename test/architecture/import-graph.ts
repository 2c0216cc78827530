/** Reads source files into what the architecture rules ask about: who imports whom, and which outside powers a file uses. */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { parseAst } from "vitest/node";

/** How one file names another. */
export interface ImportLine {
  /** The text between the quotes. */
  readonly specifier: string;
  /** The imported file, relative to the root, when the specifier is relative. */
  readonly target: string | undefined;
  readonly line: number;
  /** Erased by the compiler; counts for arrows and circles all the same. */
  readonly typeOnly: boolean;
  /** An `import()` that runs later, or never. */
  readonly dynamic: boolean;
}

/** A name from outside the language that a file reads or calls, such as `Date.now` or `.perform()`. */
export interface Use {
  readonly name: string;
  readonly line: number;
}

/** One file as the rules see it. */
export interface SourceFile {
  /** Relative to the root, with forward slashes: `core/door/run.ts`. */
  readonly path: string;
  readonly imports: readonly ImportLine[];
  readonly uses: readonly Use[];
  readonly opensWithComment: boolean;
  readonly lineCount: number;
}

/** Reads every `.ts` file below a folder, in the order of their paths. */
export function readSources(root: string): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
}

/** Reads one file from its text. */
export function readSource(path: string, text: string): SourceFile {
  const imports: ImportLine[] = [];
  const uses: Use[] = [];
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  walk(parseAst(text, { lang: "ts" }) as unknown as Node, (node) => {
    const imported = importOf(node);
    if (imported !== undefined) {
      const target = imported.specifier.startsWith(".")
        ? posix.normalize(posix.join(posix.dirname(path), imported.specifier))
        : undefined;
      imports.push({ ...imported, target, line: lineOf(node.start) });
    }
    const name = useOf(node);
    if (name !== undefined) uses.push({ name, line: lineOf(node.start) });
  });
  const body = text.replace(/^#!.*\n/, "");
  return {
    path,
    imports,
    uses,
    opensWithComment: /^\s*\/[*/]/.test(body),
    lineCount: text.endsWith("\n") ? text.split("\n").length - 1 : text.split("\n").length,
  };
}

/** A syntax node; the fields beside `type` and `start` depend on the type. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const [field, value] of Object.entries(node)) {
    if ((field === "key" || field === "property") && node.computed !== true) continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

function importOf(node: Node): Omit<ImportLine, "target" | "line"> | undefined {
  const source = node.source;
  const specifier = isNode(source) && source.type === "Literal" ? source.value : undefined;
  if (typeof specifier !== "string") return undefined;
  switch (node.type) {
    case "ImportDeclaration":
      return { specifier, typeOnly: node.importKind === "type" || allTypes(node, "importKind"), dynamic: false };
    case "ExportAllDeclaration":
      return { specifier, typeOnly: node.exportKind === "type", dynamic: false };
    case "ExportNamedDeclaration":
      return { specifier, typeOnly: node.exportKind === "type" || allTypes(node, "exportKind"), dynamic: false };
    case "TSImportType":
      return { specifier, typeOnly: true, dynamic: false };
    case "ImportExpression":
      return { specifier, typeOnly: false, dynamic: true };
    default:
      return undefined;
  }
}

function allTypes(node: Node, kind: string): boolean {
  const specifiers = node.specifiers as readonly Node[];
  return specifiers.length > 0 && specifiers.every((specifier) => specifier[kind] === "type");
}

/** Names what a node uses: `setTimeout`, `Date.now`, `fetch()`, `new Date()`, `.perform()`, `import()` of a computed name. */
function useOf(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name as string;
  if (node.type === "MemberExpression") {
    const object = node.object as Node;
    const property = propertyOf(node);
    return object.type === "Identifier" && property !== undefined ? `${object.name}.${property}` : undefined;
  }
  if (node.type === "NewExpression") {
    const callee = node.callee as Node;
    const given = (node.arguments as readonly unknown[]).length === 0 ? "" : "…";
    if (callee.type === "Identifier") return `new ${callee.name}(${given})`;
  }
  if (node.type === "CallExpression") return calledName(node.callee as Node);
  if (node.type === "ImportExpression" && (node.source as Node).type !== "Literal") return "import(computed)";
  return undefined;
}

function calledName(callee: Node): string | undefined {
  if (callee.type === "Identifier") return `${callee.name}()`;
  if (callee.type !== "MemberExpression") return undefined;
  const property = propertyOf(callee);
  const object = callee.object as Node;
  if ((property === "call" || property === "apply" || property === "bind") && object.type === "MemberExpression") {
    return `.${propertyOf(object)}()`;
  }
  return property === undefined ? undefined : `.${property}()`;
}

function propertyOf(member: Node): string | undefined {
  const property = member.property as Node;
  if (member.computed !== true) return property.name as string | undefined;
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined;
}
