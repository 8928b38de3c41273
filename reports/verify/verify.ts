import type { z } from "zod";
import { parseJson } from "#harness/core/text/json.ts";
import { misfitsOf } from "#harness/core/text/misfits.ts";
import { type Statement, statementSchema } from "#reports/conformance/schema.ts";
import { describeCatalogue, type Requirements } from "#reports/seal/suite.ts";
import { catalogue } from "#suites/requirements/catalogue.ts";
import { checkFiles, checkSeal } from "./checks/digests.ts";
import { checkSuite, untold } from "./checks/identity.ts";
import { checkResults } from "./checks/results.ts";
import { checkRun } from "./checks/run.ts";
import { checkVerdicts } from "./checks/verdicts.ts";
import type { Finding } from "./finding.ts";

/** What came of a statement: it holds where there is no finding. */
export interface Verification {
  /** Absent where the text is none. */
  readonly statement?: Statement;
  readonly findings: readonly Finding[];
  /** What could not be checked, or is not said. */
  readonly notes: readonly string[];
}

/** What a statement is checked against. */
export interface Against {
  /** Folder in which the files are that results name. */
  readonly folder: string;
  /** Catalogues of other versions, beside that of this one. */
  readonly catalogues?: readonly Requirements[];
}

/** Checks the text of a statement: form, completeness against its catalogue, arithmetic, digests. Needs no network. */
export function verifyStatement(text: string, { folder, catalogues = [] }: Against): Verification {
  const read = parseJson(text);
  if (!read.ok)
    return { findings: [{ field: "the file", what: `expected JSON, got ${read.reason}` }], notes: [] };
  const { value: given } = read;
  const { data: statement, error } = statementSchema.safeParse(given);
  if (!statement) {
    return { findings: formOf(error, given), notes: [] };
  }
  const requirements = catalogueOf(statement, [catalogue, ...catalogues]);
  const files = checkFiles(statement, folder);
  const findings = [
    ...checkRun(statement),
    ...checkSuite(statement),
    ...(Array.isArray(requirements) ? requirements : checkResults(statement, requirements as Requirements)),
    ...checkVerdicts(statement),
    ...checkSeal(statement),
    ...files.findings,
  ];
  const notes = [
    ...untold(statement),
    ...(files.absent > 0
      ? [`${files.absent} files that results name are not here, ${files.checked} are as they were`]
      : []),
  ];
  return { statement, findings, notes };
}

/** A schema's findings, the version first: a newer statement has fields that are unknown here. */
function formOf(error: z.ZodError, given: unknown): Finding[] {
  const found = misfitsOf(error, given).map(({ path, what }) => ({
    ...{ field: path.map(String).join(".") || "the file", what },
  }));
  const version = found.filter(({ field }) => field === "schemaVersion");
  return version.length > 0 ? version : found;
}

/** The catalogue that the statement names by its digest. */
function catalogueOf(
  { catalogue: named }: Statement,
  known: readonly Requirements[],
): Requirements | Finding[] {
  if (!named) return [{ field: "catalogue", what: "expected the digest of the catalogue, got nothing" }];
  const found = known.find((one) => describeCatalogue("", one).sha256 === named.sha256);
  if (!found) {
    const what = `expected the catalogue of a version that is known here, got ${named.sha256} of ${named.version}`;
    return [{ field: "catalogue.sha256", what }];
  }
  const { requirements } = describeCatalogue("", found);
  if (requirements === named.requirements) return found;
  return [{ field: "catalogue.requirements", what: `expected ${requirements}, got ${named.requirements}` }];
}
