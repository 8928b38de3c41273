import { Argument } from "commander";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { explain, idFrom, nearestIds } from "#harness/tools/explain/explain.ts";
import { failuresInLastRun } from "#harness/tools/explain/last-run.ts";
import { readSteps } from "#harness/tools/explain/steps.ts";
import { catalogue, requirementIds } from "#suites/requirements/catalogue.ts";

/** What a requirement is and what a red of it means. */
export const command = newCommand("explain")
  .description(
    "Explains requirements: rule, level, source, what a plugin needs for it, the tests that show it, and the faults that are known to break it, which are the usual causes of a red.",
  )
  .addArgument(
    completing(new Argument("<id...>", "requirements, e.g. M4 C1"), () =>
      Object.entries(catalogue).map(([value, { title: says }]) => ({ value, says })),
    ),
  )
  .action((ids: string[]) => runMain(async () => tell(ids)));

function tell(given: readonly string[]): number {
  const ids = given.map((one) => {
    const id = idFrom(one);
    if (id) return id;
    const near = nearestIds(one);
    const expected = near.length > 0 ? near : requirementIds.slice(0, 10);
    throw new UsageError(`explain ${one}: no such requirement; expected e.g. ${expected.join(", ")}`, {
      hint: "docs/requirements.md lists all of them",
    });
  });
  const steps = readSteps();
  const { REPORTS } = readSettings();
  console.log(ids.map((id) => explain(id, steps, failuresInLastRun(id, REPORTS))).join("\n\n"));
  return 0;
}
