import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { UsageError } from "#harness/core/errors.ts";
import { wasRun } from "#reports/conformance/console/table.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import type { Requirements } from "#reports/seal/suite.ts";
import type { Finding } from "#reports/verify/finding.ts";
import { checkSignature } from "#reports/verify/signature.ts";
import { verifyStatement } from "#reports/verify/verify.ts";

/** A report that somebody handed in, and what came of it: it is on the page where there is no finding. */
export interface Submission {
  /** Path of the statement in the folder. */
  readonly path: string;
  /** A word for files that are made of it. */
  readonly name: string;
  readonly statement?: Statement;
  readonly findings: readonly Finding[];
  readonly signedBy?: string;
}

/** How reports are judged. */
export interface Rules {
  /** File of allowed signers: then each report must be signed by one of them. */
  readonly signers?: string;
  readonly catalogues?: readonly Requirements[];
}

/**
 * The reports in a folder, in the order of their paths: each a JSON file, or a folder with a conformance.json. Throws `UsageError`
 * where there is none.
 */
export async function readSubmissions(folder: string, rules: Rules = {}): Promise<Submission[]> {
  const paths = statementsIn(folder);
  if (paths.length === 0) throw new UsageError(`${folder}: expected a folder of reports, got none in it`);
  return Promise.all(paths.map((path) => readSubmission(folder, path, rules)));
}

async function readSubmission(
  folder: string,
  path: string,
  { signers, catalogues }: Rules,
): Promise<Submission> {
  const text = readFileSync(path, "utf8");
  const { statement, findings } = verifyStatement(text, {
    folder: dirname(path),
    ...(catalogues ? { catalogues } : {}),
  });
  const signed = await checkSignature(path, signers);
  const { by } = signed;
  return {
    path: relative(folder, path),
    name: basename(path) === reportFiles.statement ? basename(dirname(path)) : basename(path, ".json"),
    ...(statement ? { statement } : {}),
    findings: [...findings, ...(statement ? asked(statement) : []), ...signed.findings],
    ...(by === undefined ? {} : { signedBy: by }),
  };
}

/** What a published report must say besides: whose plugin, which program, of a state of the source that somebody can get. */
function asked({ implementation, targets }: Statement): Finding[] {
  return [
    ...(implementation
      ? []
      : [{ field: "implementation", what: "expected whose plugin it is, got nothing" }]),
    ...targets
      .filter(wasRun)
      .flatMap(({ name, binaries = [], commit }) => [
        ...(binaries.length > 0
          ? []
          : [{ field: `targets.${name}.binaries`, what: "expected the plugin's executables, got none" }]),
        ...(commit?.dirty
          ? [{ field: `targets.${name}.commit.dirty`, what: "expected a committed state of the source" }]
          : []),
      ]),
  ];
}

function statementsIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${folder}: expected a folder of reports, got none`);
  }
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return entry.name.endsWith(".json") ? [path] : [];
      const inside = join(path, reportFiles.statement);
      return existsSync(inside) ? [inside] : [];
    })
    .sort();
}
