import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RequirementResult, Statement, TargetStatement } from "#reports/conformance/schema.ts";
import { digestOf, sha256 } from "./canonical.ts";
import type { Seal } from "./schema.ts";

/** The statement of a run that has ended, with the digests of its files in `folder`, of its results and of its parts. */
export function sealStatement(statement: Statement, folder: string): Statement {
  const targets = statement.targets.map((target) => ({
    ...target,
    results: target.results.map((result) => sealResult(result, folder)),
  }));
  const unsealed = { ...statement, targets };
  return { ...unsealed, seal: sealOf(unsealed) };
}

/** The seal that belongs to a statement whose results have their digests. */
export function sealOf(statement: Statement): Seal {
  const parts = partsOf(statement);
  const results = statement.targets.map(({ name, results: own }) => [
    name,
    own.map(({ requirement, digest }) => [requirement, digest]),
  ]);
  return { parts, whole: digestOf({ parts, results }) };
}

/** Digests of what a statement has beside its results. */
export function partsOf(statement: Statement): Seal["parts"] {
  const { targets, seal: _, ...others } = statement;
  return Object.fromEntries([
    ...Object.entries(others).map(([name, part]) => [name, digestOf(part)]),
    ...targets.map((target) => [`targets.${target.name}`, digestOf(withoutResults(target))]),
  ]);
}

/** The digest that belongs to a result: over everything else in it. */
export function digestOfResult({ digest: _, ...result }: RequirementResult): string {
  return digestOf(result);
}

/** The files that a result names, relative to the statement. */
export function filesOf({
  evidence,
  transcript,
}: Pick<RequirementResult, "evidence" | "transcript">): string[] {
  return [...new Set([...evidence, ...(transcript === undefined ? [] : [transcript])])];
}

/** The digest of a file of the reports folder; `undefined` where it is not there. */
export function digestOfFile(folder: string, path: string): string | undefined {
  const file = join(folder, path);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? sha256(readFileSync(file)) : undefined;
}

function sealResult(result: RequirementResult, folder: string): RequirementResult {
  const files = Object.fromEntries(
    filesOf(result).flatMap((path) => {
      const digest = digestOfFile(folder, path);
      return digest === undefined ? [] : [[path, digest]];
    }),
  );
  const whole = { ...result, ...(Object.keys(files).length > 0 ? { files } : {}) };
  return { ...whole, digest: digestOfResult(whole) };
}

function withoutResults({ results: _, ...target }: TargetStatement): Omit<TargetStatement, "results"> {
  return target;
}
