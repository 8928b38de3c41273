import { basename, join } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";
import type { DriverSettings } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import { type TargetEngineSettings, targetEngines } from "#harness/cluster/providers.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { moduleEnding } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { PlayedVersion } from "#suites/requirements/played-engine.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The engine that the CNM suite plays in a project. */
    playedEngine: PlayedVersion;
  }
}

/** Chapters of the tutorial: they run against a driver on a cluster. */
export const chapters = [
  "basics",
  "multihost",
  "tenants",
  "external",
  "datapath",
  "ipv6",
  "encryption",
  "bgp",
  "lifecycle",
  "policy",
  "plugin",
  "swarm",
  "cleanup",
] as const;
/** Chapters that take long and look for what nobody thought of: they run where they are asked for. */
export const chaptersOnDemand = ["disorder", "connections"] as const;

/** Folder of a chapter. */
export type Chapter = (typeof chapters | typeof chaptersOnDemand)[number];

/**
 * One vitest project per driver and engine; each gets clusters of its own from the global set-up. `setUp` names set-up
 * files of vitest that come before the targets' own, relative to the project. So many chapters run at a time.
 */
export async function targetProjects(
  settings: DriverSettings & TargetEngineSettings & Pick<Settings, "DRIVER">,
  setUp: { readonly globalSetup?: readonly string[]; readonly setupFiles?: readonly string[] } = {},
  atATime = 1,
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
  return targets.map((target) => ({
    extends: true,
    test: {
      name: `${target.driver}@${target.engine}`,
      include: [...chapters, ...chaptersOnDemand].map(
        (chapter) => `suites/${chapter}/**/*.test${moduleEnding}`,
      ),
      globalSetup: [...(setUp.globalSetup ?? []), join(import.meta.dirname, `global-setup${moduleEnding}`)],
      setupFiles: [...(setUp.setupFiles ?? [])],
      provide: { target, sideBySide: atATime > 1 },
      // A driver from a package works with the classes of this run, e.g. `Blocked`, and not with others of that name.
      server: { deps: { inline: [new RegExp(`/node_modules/${RegExp.escape(target.reference)}/`)] } },
      // The snapshot compares a node before and after a chapter, so chapters of one cluster take turns: a worker has a cluster.
      isolate: false,
      maxWorkers: atATime,
      // All targets are one group: as soon as a worker has nothing to do for one, it goes on with the next.
      sequence: { groupOrder: 1 },
    },
  }));
}

/** The name of the vitest project in which the CNM suite plays that engine. */
export function cnmProject(engine: PlayedVersion): string {
  return `cnm-${engine}`;
}

/**
 * One vitest project per engine that the CNM suite plays, newest first: `cnm-29.7`. It needs no cluster: the plugin comes
 * from `PLUGIN`.
 */
export function cnmProjects({
  PLUGIN,
  CNM_ENGINE,
}: Pick<Settings, "CNM_ENGINE" | "PLUGIN">): TestProjectConfiguration[] {
  return CNM_ENGINE.toReversed().map((engine, index) => ({
    extends: true,
    test: {
      name: cnmProject(engine),
      include: [`suites/cnm/**/*.test${moduleEnding}`],
      globalSetup: [join(import.meta.dirname, `../cnm-run/global-setup${moduleEnding}`)],
      provide: {
        target: {
          driver: PLUGIN ? basename(PLUGIN) : "reference",
          reference: PLUGIN ?? "reference",
          title: PLUGIN ?? "the project's reference plugin",
          engine: cnmProject(engine),
          declared: [],
        } satisfies TargetContext,
        playedEngine: engine,
      },
      maxWorkers: 1,
      isolate: false,
      sequence: { groupOrder: 50 + index },
    },
  }));
}
