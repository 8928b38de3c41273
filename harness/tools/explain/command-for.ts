import { typed } from "#harness/core/typed.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";

/** The line that runs the tests of a requirement. */
export function commandFor(id: RequirementId): string {
  const { profile } = requirementOf(id);
  if (profile === "cnm") return `npx vitest run suites/cnm -t ${id}`;
  return typed(`conform${profile === "cni" ? " suites/cni" : ""} -t ${id}`);
}
