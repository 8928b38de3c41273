import type { Statement } from "#reports/conformance/schema.ts";
import { digestOfFile, digestOfResult, filesOf, partsOf, sealOf } from "#reports/seal/seal.ts";
import { differs, type Finding, unless } from "#reports/verify/finding.ts";

/** Whether the statement is as it was sealed. */
export function checkSeal(statement: Statement): Finding[] {
  const { seal, targets } = statement;
  if (!seal)
    return [
      { field: "seal", what: "expected digests, got nothing: written by an older suite, or unfinished" },
    ];
  const parts = partsOf(statement);
  const names = [...new Set([...Object.keys(parts), ...Object.keys(seal.parts)])];
  const changed = [
    ...names.flatMap((name) => differs(`seal.parts.${name}`, parts[name], seal.parts[name])),
    ...targets.flatMap(({ name, results }) =>
      results.flatMap((result) =>
        differs(
          `targets.${name}.results.${result.requirement}.digest`,
          digestOfResult(result),
          result.digest,
        ),
      ),
    ),
  ];
  return changed.length > 0 ? changed : differs("seal.whole", sealOf(statement).whole, seal.whole);
}

/** How the files are that results name: those that are there are as they were. */
export function checkFiles(
  { targets }: Statement,
  folder: string,
): { readonly findings: Finding[]; readonly checked: number; readonly absent: number } {
  const findings: Finding[] = [];
  let [checked, absent] = [0, 0];
  for (const { name, results } of targets) {
    for (const result of results) {
      const field = `targets.${name}.results.${result.requirement}.files`;
      const { files = {} } = result;
      const named = filesOf(result);
      findings.push(
        ...unless(
          Object.keys(files).every((path) => named.includes(path)),
          field,
          "expected files that the result names",
        ),
      );
      for (const [path, digest] of Object.entries(files)) {
        const found = isInside(path) ? digestOfFile(folder, path) : undefined;
        if (found === undefined) absent += 1;
        else {
          checked += 1;
          findings.push(...differs(`${field}.${path}`, digest, found));
        }
      }
    }
  }
  return { findings, checked, absent };
}

/** A statement of somebody else names no file outside of its folder. */
function isInside(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").includes("..");
}
