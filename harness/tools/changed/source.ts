import {
  lineFinder,
  type Node,
  nodeIn,
  nodesIn,
  parseModule,
  textOf,
  walk,
} from "#harness/tools/syntax/tree.ts";

/** Lines of a file, from 1, both included. */
export interface Lines {
  readonly first: number;
  readonly last: number;
}

/** A named piece of a file. */
export interface Block extends Lines {
  readonly name: string;
}

/** What is to be known of a TypeScript module. */
export interface Source {
  /** Modules that it imports for their values, as it names them; those that it only imports when it runs are left out. */
  readonly imports: readonly string[];
  /** Calls of `requirement("ID", …)`. */
  readonly tests: readonly Block[];
  /** Objects with a name: the value of their own `name`, or the key that they, or the calls that make them, have in a table. */
  readonly objects: readonly Block[];
  /** All texts in it that stand between quotes. */
  readonly texts: ReadonlySet<string>;
}

/** Reads the text of a TypeScript module. Throws for one that is not. */
export function readSource(text: string): Source {
  const lineOf = lineFinder(text);
  const linesOf = ({ start, end }: Node): Lines => ({ first: lineOf(start), last: lineOf(end - 1) });
  const imports: string[] = [];
  const tests: Block[] = [];
  const objects: Block[] = [];
  const texts = new Set<string>();
  walk(parseModule(text), (node) => {
    const literal = textOf(node);
    if (literal !== undefined) texts.add(literal);
    const specifier = importOf(node);
    if (specifier !== undefined) imports.push(specifier);
    const [id, name] = [requirementOf(node), nameOf(node)];
    if (id !== undefined) tests.push({ name: id, ...linesOf(node) });
    if (name !== undefined) objects.push({ name, ...linesOf(node) });
  });
  return { imports, tests, objects, texts };
}

function importOf(node: Node): string | undefined {
  const [source, specifiers] = [nodeIn(node.source), nodesIn(node.specifiers)];
  if (!/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) || !source) return undefined;
  const kind = node.importKind ?? node.exportKind;
  const onlyTypes = specifiers.length > 0 && specifiers.every((one) => one.importKind === "type");
  return kind === "type" || onlyTypes ? undefined : textOf(source);
}

function requirementOf(node: Node): string | undefined {
  const callee = node.type === "CallExpression" ? nodeIn(node.callee) : undefined;
  const called = callee?.type === "MemberExpression" ? nodeIn(callee.property) : callee;
  const [first] = nodesIn(node.arguments);
  return called?.name === "requirement" && first ? textOf(first) : undefined;
}

/** The name of `{ name: "…" }`, of `key: { … }`, and of `{ ...behaviour("plugin", "…") }`. */
function nameOf(node: Node): string | undefined {
  if (node.type === "Property" && /^(Object|Call)Expression$/.test(nodeIn(node.value)?.type ?? ""))
    return keyOf(node);
  if (node.type !== "ObjectExpression") return undefined;
  for (const property of nodesIn(node.properties)) {
    const value = nodeIn(property.value);
    if (keyOf(property) === "name" && value) return textOf(value);
    const spread = property.type === "SpreadElement" ? nodeIn(property.argument) : undefined;
    const [, second] = nodesIn(spread?.arguments);
    if (nodeIn(spread?.callee)?.name === "behaviour" && second) return textOf(second);
  }
  return undefined;
}

function keyOf({ key }: Node): string | undefined {
  const node = nodeIn(key);
  if (!node) return undefined;
  return typeof node.name === "string" ? node.name : textOf(node);
}
