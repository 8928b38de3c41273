import { wasRun } from "#reports/conformance/console/table.ts";
import type { Statement, TargetStatement } from "#reports/conformance/schema.ts";
import { type Finding, unless } from "#reports/verify/finding.ts";
import { applicability } from "#suites/requirements/applicability/applicability.ts";
import { pluginKinds } from "#suites/requirements/applicability/applies-to.ts";
import { catalogue, type RequirementId, requirementIds } from "#suites/requirements/catalogue.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";

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
    ...ran.flatMap(leftOut),
    ...(bare.length > 0 ? [`binaries: the plugin's executables are not known of ${bare.join(", ")}`] : []),
  ];
}

/** Of a CNI plugin nobody knows here which kind it is; these MUSTs are for every kind. */
function leftOut({ name, engine, results }: TargetStatement): string[] {
  const version = specVersions.find((one) => engine === `cni-${one}`);
  if (version === undefined) return [];
  const isOwed = (id: RequirementId) =>
    catalogue[id].level === "MUST" &&
    pluginKinds.every(
      (kind) => applicability(catalogue[id], { on: "cni", kind, version }).answer === "applies",
    );
  const missing = requirementIds.filter(
    (id) => isOwed(id) && !results.some(({ requirement }) => requirement === id),
  );
  return missing.length === 0
    ? []
    : [`results: ${name} has nothing of ${missing.join(" ")}, which every CNI plugin owes`];
}
