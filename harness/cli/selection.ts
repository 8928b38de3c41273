import { globSync } from "node:fs";
import { resolve } from "node:path";
import { titlePattern } from "#harness/conformance/run/selection.ts";
import { UsageError } from "#harness/core/errors.ts";
import { moduleEnding } from "#harness/core/project-root.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";
import { tutorialRequirements } from "#suites/requirements/rules/tutorial.ts";

/** Folders below `root`/suites that hold tests. */
export function suitesIn(root: string): string[] {
  const folders = globSync(`suites/*/*.test${moduleEnding}`, { cwd: root }).map(
    (path) => path.split("/")[1] ?? "",
  );
  return [...new Set(folders)].filter((name) => name !== "requirements").sort();
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

/**
 * The pattern of test titles that cite one of the requirements in a comma-separated list such as `M4,B2`.
 * Throws `UsageError` for an id that is not in the catalogue.
 */
export function patternOf(requirements: string): string {
  const ids = requirements.split(",").map((id) => {
    const wanted = id.trim();
    if (isRequirementId(wanted)) return wanted;
    throw new UsageError(
      `--requirement ${wanted}: no such requirement; expected ids of the catalogue, e.g. ${Object.keys(tutorialRequirements).join(", ")} (given on the command line)`,
    );
  });
  return titlePattern(ids);
}
