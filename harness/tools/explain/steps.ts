import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { isKey, type Node, nodesIn, walk } from "#harness/tools/syntax/tree.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { type Citation, type Named, SuiteModule } from "./module.ts";
import { titleOf } from "./titles.ts";

/** One test of a requirement, as its source has it. */
export interface Step {
  readonly requirement: string;
  readonly title: string;
  /** Relative to the project. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What the test looks with, e.g. `expectPing`, in the order of its text; then what the suites' own functions that it uses look with. */
  readonly checks: readonly string[];
  /** Those of them that have a positive control beside them. */
  readonly controlled: readonly string[];
}

/** A use of something that looks. */
interface Look {
  readonly name: string;
  readonly controlled: boolean;
}

const check = /^expect[A-Z]\w*$/;
/** Plain comparisons, which say nothing without what is compared. */
const plain: ReadonlySet<string> = new Set(["expectFact", "expectThat", "expectPresent"]);

/** Every test of every suite, in the order of files and lines; chapters' own tests of themselves first. */
export function readSteps(root = projectRoot): Step[] {
  const files = [
    `harness/conformance/chapter${moduleEnding}`,
    ...globSync(`suites/*/*.test${moduleEnding}`, { cwd: root }).sort(),
    // What is looked for after all tests of a suite is there.
    ...globSync(`suites/*/fixture${moduleEnding}`, { cwd: root }).sort(),
  ];
  return stepsIn(files, (file) => {
    const path = join(root, file);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  });
}

/**
 * The tests in these files, whose texts and those of the suites' own modules beside them `textOf` has. A test is its call, with the
 * functions and values of the suites that this names. Where an id has no test of its own, e.g. in a table whose titles are made elsewhere, each
 * place counts that mentions it, once for each file.
 */
export function stepsIn(files: readonly string[], textOf: (file: string) => string | undefined): Step[] {
  const known = new Map<string, SuiteModule | undefined>();
  const read = (file: string) => {
    if (!known.has(file)) {
      const text = textOf(file);
      known.set(file, text === undefined ? undefined : new SuiteModule(file, text));
    }
    return known.get(file);
  };
  const follow = (file: string) => (/^suites\/(?!requirements\/)/.test(file) ? read(file) : undefined);
  const modules = files.flatMap((file) => read(file) ?? []);
  const steps = modules.flatMap((module) =>
    module.citations.map((citation) => stepOf(module, citation, follow)),
  );
  const have = new Set(steps.map(({ requirement }) => requirement));
  return [...steps, ...modules.flatMap((module) => mentionsIn(module, have))];
}

function stepOf(
  module: SuiteModule,
  citation: Citation,
  follow: (file: string) => SuiteModule | undefined,
): Step {
  const { id, call } = citation;
  const title = titleOf(module, citation, follow);
  const looks = looksOf({ module, node: call }, follow);
  return {
    ...{ requirement: id, title, file: module.file, line: module.lineOf(call.start) },
    checks: [...new Set(looks.map(({ name }) => name))],
    controlled: [...new Set(looks.filter(({ controlled }) => controlled).map(({ name }) => name))],
  };
}

/** What a piece of a module looks with, and then all that it names. */
function looksOf(
  start: Named,
  follow: (file: string) => SuiteModule | undefined,
  seen = new Set<Node>(),
): Look[] {
  seen.add(start.node);
  const { module, node } = start;
  const named = module.namedIn(node, follow).filter((one) => !seen.has(one.node));
  return [
    ...ownLooks(module, node),
    ...named.flatMap((one) => (seen.has(one.node) ? [] : looksOf(one, follow, seen))),
  ];
}

function ownLooks(module: SuiteModule, start: Node): Look[] {
  const looks: Look[] = [];
  walk(start, (node, parent) => {
    if (node !== start && module.isCitation(node)) return false;
    const name = node.type === "Identifier" ? String(node.name) : "";
    if (!check.test(name) || plain.has(name) || !parent || isKey(node, parent) || parent.id === node)
      return true;
    // What is handed on, as in `map(expectOpen)`, is called where it goes.
    const given = parent.callee === node ? nodesIn(parent.arguments) : [];
    const texts = given.map(({ start: from, end }) => module.text.slice(from, end));
    looks.push({ name, controlled: texts.some((one) => /\bcontrol\b/.test(one)) });
    return true;
  });
  return looks;
}

/** Where ids that no step has yet are mentioned. */
function mentionsIn({ file, mentions, lineOf }: SuiteModule, have: ReadonlySet<string>): Step[] {
  return [...mentions].flatMap(([id, offset]) => {
    if (have.has(id)) return [];
    const { title } = requirementOf(id);
    return [{ requirement: id, title, file, line: lineOf(offset), checks: [], controlled: [] }];
  });
}
