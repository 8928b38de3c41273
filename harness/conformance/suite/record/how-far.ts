import type { TestContext } from "vitest";
import { howFarType } from "#harness/conformance/outcome.ts";
import { tellingHowFar } from "#harness/core/async/how-far.ts";

/** Runs the body of a test. How far it says that it has come is told while it runs. */
export function reportingHowFar<T>({ annotate }: Pick<TestContext, "annotate">, body: () => T): T {
  return tellingHowFar((howFar) => void annotate(howFar, howFarType).catch(() => {}), body);
}
