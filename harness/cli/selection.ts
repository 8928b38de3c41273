import { globSync } from "node:fs";
import { resolve } from "node:path";
import { Option } from "commander";
import { chapters } from "#harness/conformance/run/projects.ts";
import { titlePattern } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
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

/** The chapters of the suite whose tests are here, in their order. */
export function presentChapters(): string[] {
  const present = suitesIn(projectRoot);
  return chapters.filter((chapter) => present.includes(chapter));
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

/** Throws `UsageError` for a filter that no test file's path contains. */
export function checkFilters(root: string, filters: readonly string[]): void {
  const files = globSync(`suites/**/*.test${moduleEnding}`, { cwd: root }).map((path) => resolve(root, path));
  for (const filter of filters) {
    const wanted = filter.replace(/^\.\//, "");
    if (files.some((file) => file.includes(wanted))) continue;
    const known = suitesIn(root).map((name) => `suites/${name}`);
    throw new UsageError(
      `${filter}: no such suite; expected one of ${known.join(", ")} (given on the command line)`,
    );
  }
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
