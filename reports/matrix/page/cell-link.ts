import { cellPageFile } from "#reports/matrix/outcomes.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import { anchorOf, encodePath } from "#reports/page/link.ts";

/** Where a cell, or one requirement of it, is told in full, relative to the matrix page. */
export function linkTo({ folder }: Pick<Cell, "folder">, requirement?: string): string {
  const page = encodePath(`${folder}/${cellPageFile}`);
  return requirement === undefined ? page : `${page}#${anchorOf(requirement)}`;
}
