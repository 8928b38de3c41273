import { basename, join } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";
import type { DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { type TargetEngineSettings, targetEngines } from "#harness/cluster/providers.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { moduleEnding } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/settings.ts";

/** Chapters of the tutorial: they run against a driver on a cluster. */
export const chapters = [
  "basics",
  "multihost",
  "tenants",
  "external",
  "datapath",
  "policy",
  "plugin",
  "swarm",
  "cleanup",
] as const;
/** Folder of a chapter. */
export type Chapter = (typeof chapters)[number];

/**
 * One vitest project per driver and engine; each gets a cluster of its own from the global set-up. `setUp` names set-up
 * files of vitest that come before the targets' own, relative to the project.
 */
export async function targetProjects(
  settings: DriverSettings & TargetEngineSettings & Pick<Settings, "DRIVER">,
  setUp: { readonly globalSetup?: readonly string[]; readonly setupFiles?: readonly string[] } = {},
): Promise<TestProjectConfiguration[]> {
  const targets: TargetContext[] = [];
  for (const engines of await targetEngines(settings)) {
    for (const reference of settings.DRIVER) {
      const driver = await loadDriver(reference, settings);
      targets.push({
        driver: driver.name,
        reference,
        title: driver.title,
        engine: engines.name,
        engines,
        declared: [...driver.capabilities],
      });
    }
  }
  return targets.map((target, index) => ({
    extends: true,
    test: {
      name: `${target.driver}@${target.engine}`,
      include: chapters.map((chapter) => `suites/${chapter}/**/*.test${moduleEnding}`),
      globalSetup: [...(setUp.globalSetup ?? []), join(import.meta.dirname, `global-setup${moduleEnding}`)],
      setupFiles: [...(setUp.setupFiles ?? [])],
      provide: { target },
      // A driver from a package works with the classes of this run, e.g. `Blocked`, and not with others of that name.
      server: { deps: { inline: [new RegExp(`/node_modules/${RegExp.escape(target.reference)}/`)] } },
      // The snapshot compares a node before and after a chapter, so chapters of one cluster take turns.
      isolate: false,
      maxWorkers: 1,
      sequence: { groupOrder: index + 1 },
    },
  }));
}

/** The CNM suite needs no cluster: the plugin comes from `PLUGIN`. The CNI suite has its own projects. */
export function protocolProjects(plugin: string | undefined): TestProjectConfiguration[] {
  return (["cnm"] as const).map((suite, index) => ({
    extends: true,
    test: {
      name: suite,
      include: [`suites/${suite}/**/*.test${moduleEnding}`],
      provide: {
        target: {
          driver: plugin ? basename(plugin) : "reference",
          reference: plugin ?? "reference",
          title: plugin ?? "the project's reference plugin",
          engine: suite,
          declared: [],
        } satisfies TargetContext,
      },
      maxWorkers: 1,
      isolate: false,
      sequence: { groupOrder: 50 + index },
    },
  }));
}
