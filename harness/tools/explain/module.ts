import {
  importedFile,
  isKey,
  lineFinder,
  type Node,
  nodeIn,
  nodesIn,
  parseModule,
  textOf,
  walk,
} from "#harness/tools/syntax/tree.ts";
import { isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";

/** A call that cites a requirement and says what its test is. */
export interface Citation {
  readonly id: RequirementId;
  /** As it is written, without quotes: `titleOf` has what is filled in. */
  readonly title: string;
  readonly titled: Node;
  readonly call: Node;
}

/** A function or a value with a name, in the module that has it. */
export interface Named {
  readonly module: SuiteModule;
  readonly node: Node;
}

/** What a name stands for: something of this module, a name of another one, or a parameter, of which nothing is known. */
type Meaning = Node | { readonly file: string; readonly name: string } | undefined;

/** One module of the suites: the tests in it, and what the names in it stand for. */
export class SuiteModule {
  readonly file: string;
  readonly text: string;
  /** Line, from 1, of an offset. */
  readonly lineOf: (offset: number) => number;
  readonly citations: readonly Citation[];
  /** Ids of requirements that stand in it between quotes, each with its first place. */
  readonly mentions: ReadonlyMap<RequirementId, number>;
  readonly #parents = new Map<Node, Node>();
  readonly #names = new Map<Node, Map<string, Meaning>>();
  readonly #exported = new Map<string, string>();
  readonly #tree: Node;

  /** Reads the text of the module at `file`, a path below the project. Throws for a text that is no module. */
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.lineOf = lineFinder(text);
    this.#tree = parseModule(text);
    const citations: Citation[] = [];
    const mentions = new Map<RequirementId, number>();
    walk(this.#tree, (node, parent) => {
      if (parent) this.#parents.set(node, parent);
      this.#declare(node);
      const cited = citationOf(node, text);
      if (cited) citations.push(cited);
      const id = textOf(node);
      if (id !== undefined && isRequirementId(id) && !mentions.has(id)) mentions.set(id, node.start);
    });
    this.citations = citations;
    this.mentions = mentions;
  }

  /**
   * What `node` names that is declared around it, in this module or, by `read`, in another one, each once. What it declares itself is
   * part of it. `read` resolves to nothing for a file that is not to be followed.
   */
  namedIn(node: Node, read: (file: string) => SuiteModule | undefined): Named[] {
    const [used, own] = [new Set<string>(), new Set<string>()];
    walk(node, (inner, parent) => {
      if (inner !== node && this.isCitation(inner)) return false;
      if (inner.type === "Identifier" && parent && !isKey(inner, parent)) used.add(String(inner.name));
      for (const { name } of bindingsOf(inner)) own.add(name);
      return true;
    });
    return [...used].filter((name) => !own.has(name)).flatMap((name) => this.find(name, node, read) ?? []);
  }

  isCitation(node: Node): boolean {
    return this.citations.some(({ call }) => call === node);
  }

  parentOf(node: Node | undefined): Node | undefined {
    return node && this.#parents.get(node);
  }

  /** What a name stands for at `from`, as `namedIn` has it. */
  find(name: string, from: Node, read: (file: string) => SuiteModule | undefined): Named | undefined {
    for (let scope: Node | undefined = from; scope; scope = this.#parents.get(scope)) {
      const names = this.#names.get(scope);
      if (!names?.has(name)) continue;
      const meaning = names.get(name);
      if (!meaning) return undefined;
      if ("type" in meaning) return { module: this, node: meaning };
      return read(meaning.file)?.exported(meaning.name, read);
    }
    return undefined;
  }

  /** What the module exports under that name; nothing for what only the compiler knows. */
  exported(name: string, read: (file: string) => SuiteModule | undefined): Named | undefined {
    return this.find(this.#exported.get(name) ?? name, this.#tree, read);
  }

  #declare(node: Node): void {
    if (node.type === "ImportDeclaration") {
      const file = importedFile(textOf(nodeIn(node.source)!) ?? "", this.file);
      for (const one of nodesIn(node.specifiers)) {
        const [local, imported] = [nameOf(one.local), nameOf(one.imported)];
        if (file !== undefined && local && imported) this.#name(node, local, { file, name: imported });
      }
    }
    if (node.type === "ExportSpecifier") {
      const [local, exported] = [nameOf(node.local), nameOf(node.exported)];
      if (local && exported) this.#exported.set(exported, local);
    }
    const body = nodeIn(node.body);
    for (const { name, value } of bindingsOf(node)) {
      // A parameter is known within the function alone.
      if (value) this.#name(node, name, value);
      else if (body) this.#within(body).set(name, undefined);
    }
  }

  #name(at: Node, name: string, meaning: Meaning): void {
    let scope = this.#parents.get(at);
    while (scope && !isScope(scope)) scope = this.#parents.get(scope);
    if (scope) this.#within(scope).set(name, meaning);
  }

  #within(scope: Node): Map<string, Meaning> {
    const names = this.#names.get(scope) ?? new Map<string, Meaning>();
    this.#names.set(scope, names);
    return names;
  }
}

function citationOf(node: Node, text: string): Citation | undefined {
  if (node.type !== "CallExpression") return undefined;
  const [first, second] = nodesIn(node.arguments);
  const id = first && textOf(first);
  if (id === undefined || !isRequirementId(id) || !second) return undefined;
  const title = textOf(second) ?? text.slice(second.start, second.end);
  const isTitle = /^(Literal|TemplateLiteral)$/.test(second.type) || nameOf(node.callee) === "requirement";
  return isTitle ? { id, title, titled: second, call: node } : undefined;
}

/** Names that a node brings into being, each with its value; parameters have none. */
function bindingsOf(node: Node): { name: string; value?: Node }[] {
  if (node.type === "VariableDeclarator") {
    const value = nodeIn(node.init) ?? node;
    return namesOf(nodeIn(node.id)).map((name) => ({ name, value }));
  }
  const isFunction = /^(Arrow)?Function(Declaration|Expression)$/.test(node.type);
  const parameters = isFunction ? nodesIn(node.params).flatMap(namesOf) : [];
  const own = /^(Function|Class)Declaration$/.test(node.type) ? namesOf(nodeIn(node.id)) : [];
  return [...own.map((name) => ({ name, value: node })), ...parameters.map((name) => ({ name }))];
}

/** The names in a pattern of a declaration. */
function namesOf(pattern: Node | undefined): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [String(pattern.name)];
    case "ObjectPattern":
      return nodesIn(pattern.properties).flatMap((one) => namesOf(nodeIn(one.value) ?? one));
    case "ArrayPattern":
      return nodesIn(pattern.elements).flatMap(namesOf);
    case "RestElement":
      return namesOf(nodeIn(pattern.argument));
    case "AssignmentPattern":
      return namesOf(nodeIn(pattern.left));
    default:
      return [];
  }
}

function isScope({ type }: Node): boolean {
  return /^(Program|BlockStatement|FunctionBody|StaticBlock|For(Of|In)?Statement)$/.test(type);
}

function nameOf(value: unknown): string | undefined {
  const node = nodeIn(value);
  return node && (typeof node.name === "string" ? node.name : textOf(node));
}
