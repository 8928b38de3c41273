import { globSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { Option } from "commander";
import { chapters, chaptersOnDemand } from "#harness/conformance/run/projects.ts";
import { titlePattern } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { commandFor } from "#harness/tools/explain/command-for.ts";
import { catalogue, isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";
import { tutorialRequirements } from "#suites/requirements/rules/tutorial.ts";
import { completing } from "./completion/candidates.ts";

/** Folders below `root`/suites that hold tests. */
export function suitesIn(root: string): string[] {
  const folders = globSync(`suites/*/*.test${moduleEnding}`, { cwd: root }).map(
    (path) => path.split("/")[1] ?? "",
  );
  return [...new Set(folders)].filter((name) => name !== "requirements").sort();
}

/** The chapters of the suite whose tests are here, in their order; with `onDemand` also those that run only where they are asked for. */
export function presentChapters({ onDemand = false } = {}): string[] {
  const present = suitesIn(projectRoot);
  return [...chapters, ...(onDemand ? chaptersOnDemand : [])].filter((chapter) => present.includes(chapter));
}

/** The option that chooses tests by their requirements, for `patternOf`. */
export function requirementOption(): Option {
  const option = new Option("-t, --requirement <ids>", "only tests of these requirements, e.g. M4,B2");
  return completing(
    option,
    () => Object.entries(catalogue).map(([value, { title: says }]) => ({ value, says })),
    { list: true },
  );
}

/** Whether a text is a part of the path of some test file. */
export function isFilter(root: string, text: string): boolean {
  return matching(testFiles(root), text).length > 0;
}

/** Throws `UsageError` for a filter that no test file's path contains. */
export function checkFilters(root: string, filters: readonly string[]): void {
  const files = testFiles(root);
  for (const filter of filters) {
    if (matching(files, filter).length > 0) continue;
    const known = suitesIn(root).map((name) => `suites/${name}`);
    throw new UsageError(
      `${filter}: no such suite; expected one of ${known.join(", ")} (given on the command line)`,
    );
  }
}

/**
 * Throws `UsageError` where the tests that the filters leave cite none of the requirements, and names those that do. What judges
 * chapters runs with every one of them.
 */
export function checkCited(
  root: string,
  filters: readonly string[],
  requirements: readonly RequirementId[],
): void {
  const files = testFiles(root);
  const left = filters.flatMap((filter) => matching(files, filter));
  if (left.length === 0 || requirements.length === 0) return;
  const citing = requirements.map((id) => ({ id, files: files.filter((file) => cites(file, id)) }));
  const runs = citing.some((one) => one.files.length === 0 || one.files.some((file) => left.includes(file)));
  if (runs) return;
  const elsewhere = citing.map(
    (one) => `${one.id} is in ${[...new Set(one.files.map(chapterOf))].join(", ")}`,
  );
  throw new UsageError(`${filters.join(", ")}: none of its tests is of ${requirements.join(", ")}`, {
    hint: `name the chapter that has it, or none: ${elsewhere.join("; ")}`,
  });
}

/**
 * The chapters that a run without a filter is about, as filters: the usual ones, and others, e.g. those on demand, that have tests of
 * these requirements. Where only others have them, those alone. `among`: the others that such a run can have. Throws `UsageError` for a
 * requirement that none of all these has.
 */
export function chaptersFor(
  root: string,
  requirements: readonly RequirementId[],
  { usual, among }: { readonly usual: readonly string[]; readonly among: readonly string[] },
): string[] {
  const files = testFiles(root);
  const citing = requirements.map((id) => {
    const own = files.filter((file) => cites(file, id)).map((file) => basename(dirname(file)));
    return { id, chapters: [...new Set(own)] };
  });
  for (const { id, chapters: own } of citing) {
    if (own.length === 0 || own.some((chapter) => usual.includes(chapter) || among.includes(chapter)))
      continue;
    throw new UsageError(`${id}: no chapter has it, but suites/${own.join(", suites/")}`, {
      hint: commandFor(id),
    });
  }
  const others = among.filter((chapter) => citing.some(({ chapters: own }) => own.includes(chapter)));
  // What no file names judges every chapter.
  const isUsual = ({ chapters: own }: { readonly chapters: readonly string[] }) =>
    own.length === 0 || own.some((chapter) => usual.includes(chapter));
  const first = citing.length === 0 || citing.some(isUsual) ? usual : [];
  return [...new Set([...first, ...others])].map((chapter) => `suites/${chapter}/`);
}

function testFiles(root: string): string[] {
  return globSync(`suites/*/*.test${moduleEnding}`, { cwd: root }).map((path) => resolve(root, path));
}

function matching(files: readonly string[], filter: string): string[] {
  const wanted = filter.replace(/^\.\//, "");
  return files.filter((file) => file.includes(wanted));
}

/** Whether a test file, or what its chapter's tests share, names the requirement. */
function cites(file: string, id: RequirementId): boolean {
  const shared = globSync(`*${moduleEnding}`, {
    cwd: dirname(file),
    exclude: [`*.test${moduleEnding}`, "*.d.ts"],
  }).map((name) => resolve(dirname(file), name));
  const named = new RegExp(`\\b${id}\\b`);
  return [file, ...shared].some((path) => named.test(readFileSync(path, "utf8")));
}

function chapterOf(file: string): string {
  return `suites/${basename(dirname(file))}`;
}

/** The pattern of test titles that cite one of the requirements in a list for `requirementsIn`, which may throw. */
export function patternOf(requirements: string): string {
  return titlePattern(requirementsIn(requirements));
}

/** The ids in a comma-separated list such as `M4,B2`. Throws `UsageError` for one that is not in the catalogue. */
export function requirementsIn(list: string): RequirementId[] {
  return list.split(",").map((id) => {
    const wanted = id.trim();
    if (isRequirementId(wanted)) return wanted;
    throw new UsageError(
      `--requirement ${wanted}: no such requirement; expected ids of the catalogue, e.g. ${Object.keys(tutorialRequirements).join(", ")} (given on the command line)`,
    );
  });
}
