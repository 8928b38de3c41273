import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GitHubStep } from "#harness/core/settings/github-step.ts";
import { addToSummary, annotateAll } from "#reports/github/github.ts";
import type { Matrix } from "./schema.ts";
import { matrixFiles } from "./write.ts";

/**
 * Tells GitHub of a matrix whose reports are in `folder`: its Markdown becomes the step's summary. Resolves to annotations, which are lines for
 * the step's output: a cause once, whatever number of cells it took.
 */
export function tellGitHubOfMatrix(matrix: Matrix, folder: string, step: GitHubStep): string[] {
  addToSummary(readFileSync(join(folder, matrixFiles.markdown), "utf8"), step);
  const { settings } = matrix.environment;
  const targets = matrix.cells.flatMap(({ name, firewall, folder: own, target }) =>
    target
      ? [{ target: { ...target, name }, settings: { ...settings, FIREWALL: firewall }, folder: own }]
      : [],
  );
  const errors = matrix.cells.flatMap(({ name, state, because, errors: own }) => [
    ...own.map((error) => ({ ...error, target: name })),
    ...(state === "broken" || state === "incomplete"
      ? [{ target: name, where: state, message: because ?? "" }]
      : []),
  ]);
  return annotateAll({ targets, errors }, step);
}
