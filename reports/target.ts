import type { TestProject } from "vitest/node";
import type { TargetContext } from "#harness/conformance/outcome.ts";

/** The target of a vitest project; a project without one (the unit tests) is not judged. */
export function targetOf(project: TestProject): TargetContext | undefined {
  const provided: { target?: TargetContext } = project.getProvidedContext();
  return provided.target;
}
