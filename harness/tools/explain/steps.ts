import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";

/** One test of a requirement, as its source has it. */
export interface Step {
  readonly requirement: string;
  readonly title: string;
  /** Relative to the project. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What the test looks with, e.g. `expectPing`, in the order in which it first does. */
  readonly checks: readonly string[];
  /** Those of them that have a positive control beside them. */
  readonly controlled: readonly string[];
}

/** `requirement("M4", "title"`, or another function of the suite's own, also over several lines and in the package's code. */
const cited = /\b\w+\(\s*"([A-Z]+-?\d+[a-z]?)",\s*(["'`])((?:\\.|(?!\2)[^\\])*)\2/g;
/** An id in a table or a loop, whose title is made elsewhere. */
const mentioned = /"([A-Z]+-?\d+[a-z]?)"/g;
const check = /\b(expect[A-Z]\w*)\(/g;
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
  const sources = files.map((file) => ({ file, source: readFileSync(join(root, file), "utf8") }));
  const steps = sources.flatMap(({ file, source }) => stepsIn(file, source));
  const have = new Set(steps.map(({ requirement }) => requirement));
  return [...steps, ...sources.flatMap(({ file, source }) => mentionsIn(file, source, have))];
}

/** Where ids that no step has yet are mentioned, once for each file. */
function mentionsIn(file: string, source: string, have: ReadonlySet<string>): Step[] {
  const found = [...source.matchAll(mentioned)].filter(
    ({ 1: id = "" }, index, all) =>
      isRequirementId(id) && !have.has(id) && all.findIndex((other) => other[1] === id) === index,
  );
  return found.map(({ 1: requirement = "", index }) => {
    const title = isRequirementId(requirement) ? requirementOf(requirement).title : "";
    return { requirement, title, file, line: lineAt(source, index), checks: [], controlled: [] };
  });
}

/** The tests in the text of one file. */
export function stepsIn(file: string, source: string): Step[] {
  const found = [...source.matchAll(cited)].filter(({ 1: id = "" }) => isRequirementId(id));
  return found.map((match, index) => {
    const [, requirement = "", , title = ""] = match;
    const body = source.slice(match.index, found[index + 1]?.index ?? source.length);
    const calls = [...body.matchAll(check)].flatMap(({ 1: name = "", index: at }) =>
      plain.has(name) ? [] : [{ name, given: argumentsAt(body, at + name.length) }],
    );
    return {
      requirement,
      title: title
        .replace(/\$\{name\}/, "the chapter")
        .replaceAll(/\$\{.*?\}/g, "…")
        .replaceAll(/\\(.)/g, "$1"),
      file,
      line: lineAt(source, match.index),
      checks: [...new Set(calls.map(({ name }) => name))],
      controlled: [
        ...new Set(calls.filter(({ given }) => /\bcontrol\b/.test(given)).map(({ name }) => name)),
      ],
    };
  });
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}

/** The text between the bracket at `from` and the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let open = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") open++;
    else if (text[at] === ")" && --open === 0) return text.slice(from, at);
  }
  return text.slice(from);
}
