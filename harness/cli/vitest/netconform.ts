import type { ViteUserConfig } from "vitest/config";
import { publicApiAlias } from "#drivers/public-api-import.ts";
import { cnmFaultNames } from "#drivers/reference/faults/tables/cnm.ts";
import { cniProjects } from "#harness/conformance/cni-run/projects.ts";
import { ChapterOrder, chapterOrderOf } from "#harness/conformance/run/order.ts";
import { cnmProjects, targetProjects } from "#harness/conformance/run/projects.ts";
import { everything, type Selection, selectionById } from "#harness/conformance/run/selection.ts";
import { chaptersAtATime } from "#harness/conformance/run/side-by-side.ts";
import { UsageError } from "#harness/core/errors.ts";
import { endWithStarter } from "#harness/core/process/starter.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import type { SettingName, Settings } from "#harness/core/settings/schema.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { refuseReadOnly } from "#harness/core/settings/writable.ts";
import { compileInTurn } from "#harness/core/vitest-program.ts";
import { conformanceReporters } from "#reports/reporters.ts";

/** Settings by name, as texts: what holds where the environment does not say otherwise. */
export type UsualSettings = Readonly<Partial<Record<SettingName, string>>>;

/** A configuration of vitest with the chapters, the protocol suites and the reports. */
export type NetconformConfig = ViteUserConfig & {
  readonly test: NonNullable<ViteUserConfig["test"]> & {
    readonly projects: NonNullable<NonNullable<ViteUserConfig["test"]>["projects"]>;
  };
};

/** What vitest's command line says of the suites to run. */
function chosenByArguments(): string[] {
  return process.argv.filter((argument, index) => {
    const path = argument.includes("suites/") && !argument.startsWith("-");
    return path || process.argv[index - 1] === "--project";
  });
}

/** Whether what was chosen leaves room for that suite: asking every CNI plugin for its versions takes a second. */
function mayRun(suite: string, chosen: readonly string[]): boolean {
  return chosen.length === 0 || chosen.some((argument) => argument.includes(suite));
}

/** A path or the name of a project of a protocol suite, which judges a plugin without a driver. */
const protocolSuite = /(^|\/)suites\/(cni|cnm)(\/|$)|@cni-|^cnm-/;

/** Whether a driver on a cluster takes part: where nothing of it was chosen, there is nothing to say of it either. */
function mayRunDrivers(chosen: readonly string[]): boolean {
  return chosen.length === 0 || !chosen.every((argument) => protocolSuite.test(argument));
}

/** Before anything starts. A protocol suite takes its faults by the same setting, and refuses others itself; it has no engine to mend. */
async function refuseUnknownFault(
  { FAULT, MEND }: Pick<Settings, "FAULT" | "MEND">,
  chosen: readonly string[],
) {
  if (!FAULT && !MEND) return;
  // Faults are many modules, and few runs have one.
  const { findFault, findOwnDefect } = await import("#harness/proof/inject.ts");
  if (MEND) {
    findOwnDefect(MEND);
    if (!mayRunDrivers(chosen)) throw new UsageError(`MEND=${MEND}: a protocol suite has no engine to mend`);
  }
  if (!FAULT || !mayRunDrivers(chosen)) return;
  if (mayRun("cnm", chosen) && cnmFaultNames.some((name) => name === FAULT)) return;
  findFault(FAULT);
}

/**
 * A whole vitest configuration, `export default netconform({ DRIVER: "./driver.ts" })`: a project for each driver and engine,
 * the protocol suites, the reports. `usual` holds settings for which the environment has no value. Paths are relative to
 * the folder in which vitest is started. Ends the process with exit code 2 where a setting is wrong.
 */
export async function netconform(usual: UsualSettings = {}): Promise<NetconformConfig> {
  endWithStarter();
  compileInTurn();
  try {
    return await configure(readSettings(undefined, usual), everything, chosenByArguments());
  } catch (error) {
    return endOnUsageError(error);
  }
}

/** Such a configuration for these settings, this selection and these parts of paths or project names. Throws `UsageError` where a setting is wrong. */
export async function configure(
  settings: Settings,
  selection: Selection,
  chosen: readonly string[],
): Promise<NetconformConfig> {
  refuseReadOnly(settings);
  await refuseUnknownFault(settings, chosen);
  // Chapters know nothing of faults: one that is asked for waits in the worker for the cluster.
  const isTampered = settings.FAULT || settings.MEND;
  const fault = isTampered
    ? {
        globalSetup: [`harness/proof/global-setup${moduleEnding}`],
        setupFiles: [`harness/proof/setup${moduleEnding}`],
      }
    : {};
  const pause = selection.pause === undefined ? [] : [`harness/conformance/pause/setup${moduleEnding}`];
  return {
    root: projectRoot,
    plugins: [selectionById()],
    resolve: { alias: [publicApiAlias] },
    test: {
      pool: "forks",
      // Reports lead to a test by its line.
      includeTaskLocation: true,
      reporters: conformanceReporters(settings, selection),
      provide: { settings, selection },
      // The package lies in somebody's node_modules, which vitest leaves out otherwise.
      exclude: [],
      sequence: {
        sequencer: selection.seed === undefined ? ChapterOrder : chapterOrderOf(selection.seed),
      },
      testTimeout: 60_000 * settings.PATIENCE,
      hookTimeout: 120_000 * settings.PATIENCE,
      // Vitest ends the process when taking everything down takes longer, and clusters would stay.
      teardownTimeout: 180_000 * settings.PATIENCE,
      projects: [
        ...(mayRunDrivers(chosen)
          ? await targetProjects(
              settings,
              { ...fault, setupFiles: [...(fault.setupFiles ?? []), ...pause] },
              chaptersAtATime(settings, selection),
            )
          : []),
        ...(mayRunDrivers(chosen) || mayRun("cnm", chosen) ? cnmProjects(settings) : []),
        ...(mayRun("cni", chosen) ? await cniProjects(settings) : []),
      ],
    },
  };
}
