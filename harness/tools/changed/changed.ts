import { projectRoot } from "#harness/core/project-root.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { chooseByChanges } from "./choice.ts";
import { chosenFaults, describeChoice } from "./describe.ts";
import { changesSince } from "./diff.ts";
import { ProjectSources } from "./project.ts";

/**
 * Of these faults, those that a change of the project touches, with what was chosen and why, for people. Compared is with that commit,
 * or with where HEAD left the branch main. Throws `UsageError` where Git does not know it.
 */
export async function faultsOfChanges(
  faults: readonly Fault[],
  reference?: string,
): Promise<{ readonly faults: readonly Fault[]; readonly told: string }> {
  const { since, changes } = await changesSince(projectRoot, reference);
  const choices = chooseByChanges(changes, ProjectSources.read(projectRoot), faults);
  return { faults: chosenFaults(choices), told: describeChoice(since, choices) };
}
