import type { TestProject } from "vitest/node";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import type { Installation } from "#harness/conformance/run/installation.ts";

/** The target of a vitest project; a project without one (the unit tests) is not judged. */
export function targetOf(project: TestProject): TargetContext | undefined {
  const provided: { target?: TargetContext } = project.getProvidedContext();
  return provided.target;
}

/** Suites that take the place of an engine in a target, `cnm-29.7`: they judge an executable, or what listens at a socket. */
export function isProtocolSuite(engine: string): boolean {
  return /^(cnm|cni)(-|$)/.test(engine);
}

/** What the target of a project turned out to stand on; `undefined` until its cluster is up, and where there is none. */
export function installationOf(project: TestProject): Installation | undefined {
  const provided: { installation?: Installation } = project.getProvidedContext();
  return provided.installation;
}
