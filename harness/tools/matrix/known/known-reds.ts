import { readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { misfitsOf } from "#harness/core/text/misfits.ts";
import { locateYaml } from "#harness/core/text/yaml.ts";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import type { Cell, KnownRed } from "#reports/matrix/schema.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";

const versionText = 'a version as text, e.g. "28.5"';

const schema = z.array(
  z
    .strictObject({
      driver: z.string().describe("as in the name of a cell, e.g. overlay"),
      engines: z
        .array(z.string({ error: versionText }).regex(/^\d+(\.\d+)*$/, versionText))
        .min(1)
        .describe("versions, or beginnings of them"),
      requirement: z
        .string()
        .refine(isRequirementId, "an id of the catalogue")
        .optional()
        .describe("absent for a race that may strike whichever it is; it has a reason then"),
      says: z.string().min(1).describe("what breaks, in plain words"),
      upstream: z.url().describe("the report that its authors have of it"),
      reason: z
        .string()
        .refine(isPattern, "a regular expression")
        .transform((pattern) => new RegExp(pattern))
        .optional()
        .describe("what the reason of the failure matches; another one is not known"),
      sometimes: z.boolean().default(false).describe("a race: a run may not show it"),
    })
    .refine(({ requirement, reason, sometimes }) => requirement !== undefined || (reason && sometimes), {
      path: ["requirement"],
      error: "an id of the catalogue, or a reason with `sometimes: true`",
    }),
);

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== undefined;
  } catch {
    return false;
  }
}

/** A rule that an implementation is known to break, as the author of the file says. */
export type KnownRedEntry = z.infer<typeof schema>[number];

/** Reads a file of known reds (YAML; docs/matrix.md). Throws `UsageError` with file, line and what was expected. */
export function readKnownReds(path: string): KnownRedEntry[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `--known ${path}: expected a file that can be read, got ${(error as Error).message}`,
    );
  }
  const located = locateYaml(path, text);
  const parsed = schema.safeParse(located.value ?? []);
  if (parsed.success) return parsed.data;
  throw new UsageError(located.tell(misfitsOf(parsed.error, located.value)), {
    hint: "docs/matrix.md describes the file",
  });
}

/**
 * Marks what a matrix shows of the known reds. One that its cell was to show and passed is no longer true, and is told as well: a list
 * that hides what was mended hides what breaks next. An error of the harness is never known.
 */
export function compareWithKnown(
  cells: readonly Cell[],
  known: readonly KnownRedEntry[],
): { known: KnownRed[] } {
  const reds = cells.flatMap((cell) =>
    (cell.target?.results ?? []).flatMap((result): KnownRed[] => {
      // What fits two entries is one failure.
      const entry = known.find((one) => isAbout(one, cell, result) && stateOf(result, one));
      const state = entry && stateOf(result, entry);
      if (!state) return [];
      const { says, upstream } = entry;
      return [{ cell: cell.name, requirement: result.requirement, says, upstream, state }];
    }),
  );
  return { known: reds };
}

function isAbout(
  { driver, engines, requirement }: KnownRedEntry,
  cell: Cell,
  result: RequirementResult,
): boolean {
  return (
    driver === cell.driver &&
    engines.some((version) => isOf(cell.engine, version)) &&
    (requirement ?? result.requirement) === result.requirement
  );
}

/** `undefined` for a result that says nothing of what is known. */
function stateOf({ outcome, tests }: RequirementResult, known: KnownRedEntry): KnownRed["state"] | undefined {
  if (outcome === "failed") {
    // A test that failed for another reason is not known by the others of its requirement.
    const failed = tests.filter((one) => one.outcome === "failed");
    return failed.every(({ reason = "" }) => known.reason?.test(reason) !== false) ? "seen" : undefined;
  }
  return outcome === "passed" && !known.sometimes ? "gone" : undefined;
}

/** Whether an engine, flags aside, is of a version: `26.1.5[icc=false]` is of `26.1`. A cell of several engines is of none. */
function isOf(engine: string, version: string): boolean {
  const [plain = ""] = engine.split("[");
  return plain === version || plain.startsWith(`${version}.`);
}
