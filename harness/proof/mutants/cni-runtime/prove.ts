import { join } from "node:path";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { judgeAll } from "#harness/cni/runtimes/judges/judges.ts";
import { OwnRuntime, type RuntimeModules } from "#harness/cni/runtimes/ours/ours.ts";
import { playScenes } from "#harness/cni/runtimes/scenes/scenes.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { isCheckout } from "#harness/core/project-root.ts";
import { type RuntimeRuleId, runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";
import { runtimeMutants } from "./mutants.ts";
import { loadMutant } from "./mutate.ts";

/**
 * Judges the project's own runtime without a mistake, which must be green in every rule, and then each mutant, which must be red in
 * its rule alone. `only`: the mutants of these rules. Tells a line for each. Resolves to 0 when all of it came out so, else to 1.
 */
export async function proveRuntime(
  progress: Progress,
  only: readonly RuntimeRuleId[] = runtimeRuleIds,
  tell: (line: string) => void,
): Promise<number> {
  if (!isCheckout)
    throw new UsageError("--mutants: expected a clone of the project, got the published package");
  using scratch = disposableFolder();
  const mutants = runtimeMutants.filter(({ breaks }) => only.includes(breaks));
  let failed = 0;
  const prove = async (name: string, breaks?: RuntimeRuleId, modules?: RuntimeModules) => {
    const expected = breaks ? [breaks] : [];
    const wrong = await judgeOwn(join(scratch.path, "recording"), modules).then(
      ({ red, unseen }) => {
        if (breaks === undefined && unseen.length > 0) return `not seen: ${unseen.join(", ")}`;
        if (red.join() === expected.join()) return undefined;
        return `expected ${expected.join(", ") || "nothing"} red, got ${red.join(", ") || "nothing"}`;
      },
      (error: unknown) => String(error),
    );
    if (wrong !== undefined) failed += 1;
    tell(wrong === undefined ? `✓ ${breaks ?? "all green"}: ${name}` : `✗ ${name}: ${wrong}`);
  };
  await progress.step("proving the CNI runtime", async (detail) => {
    await prove("without a mistake");
    for (const [index, { name, breaks, edits }] of mutants.entries()) {
      detail(name);
      await prove(name, breaks, await loadMutant(join(scratch.path, `mutant-${index}`), edits));
    }
  });
  tell(`${mutants.length + 1 - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function judgeOwn(folder: string, modules?: RuntimeModules) {
  await using runtime = await OwnRuntime.start(folder, modules);
  removeWhenInterrupted(folder, async () => runtime[Symbol.asyncDispose]());
  const judged = judgeAll(await playScenes(runtime));
  forgetWhenInterrupted(folder);
  return {
    red: runtimeRuleIds.filter((id) => judged[id].outcome === "broken"),
    unseen: runtimeRuleIds.filter((id) => judged[id].outcome === "not seen"),
  };
}
