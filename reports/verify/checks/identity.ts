import { wasRun } from "#reports/conformance/console/table.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import { type Finding, unless } from "#reports/verify/finding.ts";

/** Whether the suite is named by what it is made of. Of what it judged by `checkResults` tells. */
export function checkSuite({ generator }: Statement): Finding[] {
  return unless(
    generator.sha256 !== undefined,
    "generator.sha256",
    "expected the digest of the suite, got nothing",
  );
}

/** What a reader of the statement is not told. */
export function untold({ implementation, targets }: Statement): string[] {
  const ran = targets.filter(wasRun);
  const bare = ran.filter(({ binaries = [] }) => binaries.length === 0).map(({ name }) => name);
  return [
    ...(implementation === undefined ? ["implementation: nobody says whose plugin it is"] : []),
    ...(bare.length > 0 ? [`binaries: the plugin's executables are not known of ${bare.join(", ")}`] : []),
  ];
}
