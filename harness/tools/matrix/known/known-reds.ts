import { readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { misfitsOf } from "#harness/core/text/misfits.ts";
import { locateYaml } from "#harness/core/text/yaml.ts";
import type { Cell, KnownRed } from "#reports/matrix/schema.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";

const versionText = 'a version as text, e.g. "28.5"';

const schema = z.array(
  z.strictObject({
    driver: z.string().describe("as in the name of a cell, e.g. overlay"),
    engines: z
      .array(z.string({ error: versionText }).regex(/^\d+(\.\d+)*$/, versionText))
      .min(1)
      .describe("versions, or beginnings of them"),
    requirement: z.string().refine(isRequirementId, "an id of the catalogue"),
    says: z.string().min(1).describe("what breaks, in plain words"),
    upstream: z.url().describe("the report that its authors have of it"),
    reason: z
      .string()
      .refine(isPattern, "a regular expression")
      .transform((pattern) => new RegExp(pattern))
      .optional()
      .describe("what the reason of the failure matches; another one is not known"),
    sometimes: z.boolean().default(false).describe("a race: a run may not show it"),
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
  const reds = known.flatMap(({ driver, engines, requirement, says, upstream, reason, sometimes }) =>
    cells.flatMap(({ name, driver: own, engine, target }): KnownRed[] => {
      if (own !== driver || !engines.some((version) => isOf(engine, version))) return [];
      const result = target?.results.find((one) => one.requirement === requirement);
      const told = { cell: name, requirement, says, upstream };
      if (result?.outcome === "failed") {
        return reason?.test(result.reason ?? "") === false ? [] : [{ ...told, state: "seen" }];
      }
      return result?.outcome === "passed" && !sometimes ? [{ ...told, state: "gone" }] : [];
    }),
  );
  return { known: reds };
}

/** Whether an engine, flags aside, is of a version: `26.1.5[icc=false]` is of `26.1`. A cell of several engines is of none. */
function isOf(engine: string, version: string): boolean {
  const [plain = ""] = engine.split("[");
  return plain === version || plain.startsWith(`${version}.`);
}
