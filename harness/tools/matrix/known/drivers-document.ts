import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { replaceBlock } from "#harness/core/text/markdown.ts";
import { typed } from "#harness/core/typed.ts";
import type { Matrix } from "#reports/matrix/schema.ts";
import { driversTable } from "./drivers-table.ts";

/** The page on Docker's own drivers, from the root of the checkout. */
export const driversDocument = "docs/docker-drivers.md";

/** The command that makes its table. */
const command = typed("matrix --firewall nft --docs");

/**
 * Puts the table of a matrix into the page on Docker's own drivers, beside what people have written there, and says so. A matrix of a
 * selection, or with a cell that did not run to its end, leaves the page as it is. Throws `HarnessError` where the page has no place for it.
 */
export function writeDriversDocument(matrix: Matrix): string {
  const { cells, run } = matrix;
  const unfinished = cells.find(
    ({ state, errors }) => state === "incomplete" || state === "broken" || errors.length > 0,
  );
  const because =
    run.selection.length > 0
      ? `only ${run.selection.join(" ")} was run`
      : unfinished && `${unfinished.name} did not run to its end`;
  if (because) return `${driversDocument} is left as it is: ${because}`;
  const path = join(projectRoot, driversDocument);
  const text = replaceBlock(
    readFileSync(path, "utf8"),
    "docker-drivers",
    `\n${driversTable(matrix, command)}\n`,
  );
  if (text === undefined)
    throw new HarnessError(`${path}: expected the comment <!-- docker-drivers -->, got none`);
  writeFileSync(path, text);
  return `${driversDocument} has the new table`;
}
