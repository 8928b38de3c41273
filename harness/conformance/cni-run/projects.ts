import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { isSpecVersion } from "#harness/cni/protocol/version.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { moduleEnding } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";

/** What the CNI suite takes of the settings. */
type CniSettings = Pick<Settings, "CACHE" | "CNI_PATH" | "CNI_VERSION" | "PLUGIN">;

/**
 * One vitest project per plugin and version of the specification that it claims, newest first: `bridge@cni-1.0.0`.
 * Without `PLUGIN`: every plugin in `CNI_PATH`; where there is none, the suite's own debug plugins.
 */
export async function cniProjects(settings: CniSettings): Promise<TestProjectConfiguration[]> {
  const targets: TargetContext[] = [];
  const paths = await chosenPlugins(settings);
  const claims = await Promise.all(paths.map(claimedVersions));
  for (const [at, path] of paths.entries()) {
    const name = basename(path);
    const twins = paths.filter((other) => basename(other) === name);
    const claimed = claims[at] ?? [];
    const wanted = (version: SpecVersion, index: number) =>
      settings.CNI_VERSION.length === 0 ||
      settings.CNI_VERSION.includes(version) ||
      (index === 0 && settings.CNI_VERSION.includes("newest"));
    const versions = claimed.filter(wanted);
    // A folder may hold plugins that claim other versions; a plugin that is named alone has to say so.
    if (versions.length === 0 && paths.length > 1 && claimed.length > 0) continue;
    for (const version of versions.length > 0 ? versions : ["none"]) {
      targets.push({
        driver: twins.length > 1 ? path.slice(1).replaceAll("/", "_") : name,
        reference: path,
        title: path,
        engine: `cni-${version}`,
        declared: [],
      });
    }
  }
  // Among others, one that cannot be called is told of in its place.
  const alone = settings.PLUGIN !== undefined && paths.length === 1;
  return targets.map((target) => ({
    extends: true,
    test: {
      name: `${target.driver}@${target.engine}`,
      include: [`suites/cni/**/*.test${moduleEnding}`],
      globalSetup: alone ? [join(import.meta.dirname, `global-setup${moduleEnding}`)] : [],
      provide: { target },
      maxConcurrency: 6,
      maxWorkers: 2,
      isolate: false,
      sequence: { groupOrder: 60 },
    },
  }));
}

async function chosenPlugins(settings: CniSettings): Promise<string[]> {
  const named = settings.PLUGIN?.split(",").map((item) => item.trim());
  if (named) return named.flatMap((name) => pluginsNamed(name, settings.CNI_PATH));
  const found = settings.CNI_PATH.flatMap(executablesIn);
  if (found.length > 0) return found;
  const folder = join(settings.CACHE, "cni-debug-plugins");
  await installDebugPlugins(new LocalHost(), folder);
  return executablesIn(folder);
}

/** A folder stands for all in it, a bare name for the first of that name in `CNI_PATH`. */
function pluginsNamed(name: string, path: readonly string[]): string[] {
  if (existsSync(name) && statSync(name).isDirectory()) return executablesIn(name);
  if (name.includes("/")) return [name];
  return [path.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? name];
}

function executablesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && (statSync(path).mode & 0o111) !== 0)
    .sort();
}

/** Newest first. Everything, when VERSION is not answered, which is then the first rule broken; nothing for no file. */
async function claimedVersions(path: string): Promise<SpecVersion[]> {
  if (!existsSync(path)) return [];
  const runtime = new CniRuntime({ host: new LocalHost(), path: [dirname(path)] });
  const answer = await runtime.version(basename(path)).catch(() => undefined);
  const claimed: readonly string[] = answer?.supportedVersions ?? specVersions;
  return claimed.filter(isSpecVersion).toReversed();
}
