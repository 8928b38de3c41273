import { dirname, join, normalize } from "node:path";
import { parseAst } from "rolldown/parseAst";

/** A piece of a module's syntax tree, as ESTree and TypeScript ESTree have it. */
export interface Node {
  readonly type: string;
  /** Offset of its first character in the module's text. */
  readonly start: number;
  /** Offset behind its last character. */
  readonly end: number;
  readonly [field: string]: unknown;
}

/** The tree of a TypeScript or JavaScript module. Throws for a text that is none. */
export function parseModule(text: string): Node {
  return parseAst(text, { lang: "ts" }) as unknown as Node;
}

/** Calls `visit` with the node and all below it, in the order of the text; below one for which it answers `false` nothing is visited. */
export function walk(
  node: Node,
  visit: (node: Node, parent: Node | undefined) => unknown,
  parent?: Node,
): void {
  if (visit(node, parent) === false) return;
  for (const child of childrenOf(node)) walk(child, visit, node);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) => nodeIn(value) ?? nodesIn(value));
}

export function nodeIn(value: unknown): Node | undefined {
  const isNode = typeof value === "object" && value !== null && "type" in value && "start" in value;
  return isNode ? (value as Node) : undefined;
}

export function nodesIn(value: unknown): Node[] {
  return Array.isArray(value) ? value.flatMap((one) => nodeIn(one) ?? []) : [];
}

/** What stands between the quotes of a literal. */
export function textOf(node: Node): string | undefined {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** Whether an identifier is the name of a field, and stands for nothing by itself. */
export function isKey(node: Node, parent: Node): boolean {
  if (parent.type === "MemberExpression") return parent.property === node && parent.computed === false;
  return parent.type === "Property" && parent.key === node && parent.computed === false && !parent.shorthand;
}

/** Tells the line, from 1, of an offset in the text, by halving. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** The path, below the project, of what the module at `from` names in an import; `undefined` for a package. */
export function importedFile(specifier: string, from: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  return specifier.startsWith(".") ? normalize(join(dirname(from), specifier)) : undefined;
}
