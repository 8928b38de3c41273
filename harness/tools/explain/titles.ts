import { isKey, type Node, nodeIn, nodesIn, textOf, walk } from "#harness/tools/syntax/tree.ts";
import type { Citation, Named, SuiteModule } from "./module.ts";

type Read = (file: string) => SuiteModule | undefined;

/** Of more values than that a title says nothing: what it is filled with is in the test. */
const mostValues = 3;

/**
 * The title of a test, with all that a loop or a table of the suites fills in: `after one / another`. What nobody knows is left open, as
 * `…`, or as it is written where that is the whole title. `read` as for `SuiteModule.namedIn`.
 */
export function titleOf(module: SuiteModule, { title, titled }: Citation, read: Read): string {
  if (titled.type !== "TemplateLiteral") return filling(module, titled, read) ?? title;
  const filled = nodesIn(titled.expressions).map(
    (one) => filling(module, one, read) ?? openText(module, one),
  );
  const parts = nodesIn(titled.quasis).map(({ value }) => (value as { cooked: string }).cooked);
  return parts.map((part, index) => part + (filled[index] ?? "")).join("");
}

/** A chapter's own tests of itself have its name, which is a parameter. */
function openText({ text }: SuiteModule, { start, end }: Node): string {
  return text.slice(start, end) === "name" ? "the chapter" : "…";
}

function filling(module: SuiteModule, node: Node, read: Read): string | undefined {
  const values = [...new Set(valuesOf(module, node, read))];
  return values.length === 0 || values.length > mostValues ? undefined : values.join(" / ");
}

/** The texts that a name can stand for, as far as loops and tables say so. */
function valuesOf(module: SuiteModule, node: Node, read: Read): string[] {
  const text = textOf(node);
  if (text !== undefined) return [text];
  if (node.type === "MemberExpression" && !node.computed) {
    const over = loopOf(module, nodeIn(node.object), read);
    const table = over && tableOf(over.module, over.node, read);
    return table ? textsAt(table.node, String(nodeIn(node.property)?.name)) : [];
  }
  if (node.type !== "Identifier") return [];
  const name = String(node.name);
  const found = module.find(name, node, read);
  // A field of a row: `const { during } = table[way]`.
  if (found?.node.type === "MemberExpression" && found.node.computed) {
    const table = tableOf(found.module, nodeIn(found.node.object), read);
    return table ? textsAt(table.node, name) : [];
  }
  const over = loopOf(module, node, read);
  return over ? loopedTexts(over, read) : [];
}

/** What is looped over where an identifier is the variable of a loop, or the first of a pair. */
function loopOf(module: SuiteModule, variable: Node | undefined, read: Read): Named | undefined {
  if (variable?.type !== "Identifier") return undefined;
  const name = String(variable.name);
  const found = module.find(name, variable, read);
  if (found?.node.type !== "VariableDeclarator") return undefined;
  const pattern = nodeIn(found.node.id);
  const [first] = pattern?.type === "ArrayPattern" ? nodesIn(pattern.elements) : [pattern];
  const loop = found.module.parentOf(found.module.parentOf(found.node));
  const right = loop?.type === "ForOfStatement" ? nodeIn(loop.right) : undefined;
  return right && first?.name === name ? { module: found.module, node: right } : undefined;
}

/** The texts in a list, or the keys of a table whose keys or entries are looped over. */
function loopedTexts({ module, node }: Named, read: Read): string[] {
  const of = bare(node);
  const callee = of.type === "CallExpression" ? nodeIn(of.callee) : undefined;
  if (callee && /^Object\.(keys|entries)$/.test(module.text.slice(callee.start, callee.end))) {
    const table = tableOf(module, nodesIn(of.arguments)[0], read);
    return nodesIn(table?.node.properties).flatMap(({ key }) => keyText(nodeIn(key)) ?? []);
  }
  const list = tableOf(module, of, read);
  return nodesIn(list?.node.elements).flatMap((one) => textOf(one) ?? []);
}

/** The object or the list that an expression is, or names. */
function tableOf(module: SuiteModule, node: Node | undefined, read: Read): Named | undefined {
  const own = node && bare(node);
  const found =
    own?.type === "Identifier" ? module.find(String(own.name), own, read) : own && { module, node: own };
  const table = found && bare(found.node);
  return table && /^(Object|Array)Expression$/.test(table.type)
    ? { module: found.module, node: table }
    : undefined;
}

/** The texts that stand at a key anywhere in a table. */
function textsAt(table: Node, key: string): string[] {
  const texts: string[] = [];
  walk(table, (node, parent) => {
    if (node.type !== "Identifier" || node.name !== key || !parent || !isKey(node, parent)) return;
    const value = nodeIn(parent.value);
    const text = value && textOf(value);
    if (text !== undefined) texts.push(text);
  });
  return texts;
}

function keyText(key: Node | undefined): string | undefined {
  return key?.type === "Identifier" ? String(key.name) : key && textOf(key);
}

/** Without what only the compiler reads, as `as const`. */
function bare(node: Node): Node {
  const within = /^(TS\w+Expression|ParenthesizedExpression)$/.test(node.type)
    ? nodeIn(node.expression)
    : undefined;
  return within ? bare(within) : node;
}
