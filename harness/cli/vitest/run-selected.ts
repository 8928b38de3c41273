import { createVitest, type TestSpecification, type Vitest } from "vitest/node";
import { z } from "zod";
import { isInterrupted } from "#harness/cluster/interruption.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { type SelectedTests, type Selection, titlePattern } from "#harness/conformance/run/selection.ts";
import { refuseMistakes } from "#harness/conformance/run/set-up/prepare.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { targetReporters } from "#reports/reporters.ts";
import { configure } from "./netconform.ts";

/** What `netconform run` gives to vitest. */
export interface SelectedRun {
  readonly settings: Settings;
  readonly selection: Selection;
  /** Parts of the paths of test files; no meaning where the selection names its tests. */
  readonly filters: readonly string[];
  /** Regular expression for the titles of tests. */
  readonly pattern?: string;
}

/**
 * Runs the chapters in this process, as often as the selection says, and resolves to the exit code. Reporters decide it. A run
 * that is interrupted, or that a mistake of the user ends, ends this process.
 */
export async function runSelected(run: SelectedRun): Promise<number> {
  const { settings, selection, filters, pattern } = run;
  const config = await configure(settings, selection, selection.only?.map(({ file }) => file) ?? filters);
  if (selection.only) refuseUnknownTargets(selection.only, config.test.projects);
  await refuseMistakes(targetsOf(config.test.projects, selection), settings);
  const vitest = await createVitest(
    {
      config: false,
      root: projectRoot,
      watch: false,
      project: selection.only ? [...new Set(selection.only.map(({ target }) => target))] : ["*@*"],
      ...(pattern === undefined ? {} : { testNamePattern: pattern }),
    },
    { ...config, test: { ...config.test, reporters: targetReporters(settings, selection) } },
  );
  try {
    await runRounds(vitest, run);
  } finally {
    await vitest.exit();
  }
  return Number(process.exitCode ?? 0);
}

async function runRounds(vitest: Vitest, { selection, filters }: SelectedRun): Promise<void> {
  await vitest.standalone();
  const specifications = selection.only
    ? selection.only.map((tests) => specificationOf(vitest, tests))
    : await vitest.globTestSpecifications([...filters]);
  if (specifications.length === 0)
    throw new HarnessError("nothing runs: no target has a test file among these");
  for (let round = 1; round <= selection.rounds; round++) {
    await vitest.runTestSpecifications(specifications, selection.only === undefined);
    if (isInterrupted()) return;
  }
}

/** Throws `UsageError` for a target that this run has not. */
function refuseUnknownTargets(only: readonly SelectedTests[], projects: readonly unknown[]): void {
  const known = projects.flatMap((project) => {
    const { data } = projectName.safeParse(project);
    return data ? [data.test.name] : [];
  });
  const missing = only.find(({ target }) => !known.includes(target));
  if (!missing) return;
  throw new UsageError(`${missing.target}: no such target; expected one of ${known.join(", ")}`, {
    hint: "DRIVER, ENGINE and PLUGIN are taken from the statement where they are not set: leave them out, or set them as in that run",
  });
}

/** What runs against a driver. */
function targetsOf(projects: readonly unknown[], { only }: Selection): TargetContext[] {
  return projects.flatMap((project) => {
    const { data } = targetProject.safeParse(project);
    const wanted = data && (only?.some(({ target }) => target === data.test.name) ?? true);
    return wanted ? [data.test.provide.target] : [];
  });
}

/** Vitest's configuration of a project, as far as it is needed here. */
const targetProject = z.object({
  test: z.object({ name: z.string(), provide: z.object({ target: z.custom<TargetContext>() }) }),
});

/** As much of it as every project has. */
const projectName = z.object({ test: z.object({ name: z.string() }) });

function specificationOf(vitest: Vitest, { target, file, requirements }: SelectedTests): TestSpecification {
  const project = vitest.projects.find(({ name }) => name === target);
  if (!project) throw new HarnessError(`${target}: vitest has no such project`);
  const options = requirements ? { testNamePattern: new RegExp(titlePattern(requirements)) } : {};
  return project.createSpecification(`${projectRoot}/${file}`, options);
}
