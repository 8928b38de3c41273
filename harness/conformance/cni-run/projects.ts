import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";
import { loadPluginProfile } from "#drivers/cni/plugin-profile/load.ts";
import { installDebugPlugins } from "#harness/cni/debug-plugins/install.ts";
import { isSpecVersion } from "#harness/cni/protocol/version.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { moduleEnding } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";

/** What the CNI suite takes of the settings. */
type CniSettings = Pick<Settings, "CACHE" | "CNI_PATH" | "CNI_VERSION" | "PATIENCE" | "PLUGIN" | "PROFILE">;

/**
 * One vitest project per plugin and version of the specification that it claims, newest first: `bridge@cni-1.0.0`.
 * Without `PLUGIN`: every plugin in `CNI_PATH`; where there is none, the suite's own debug plugins.
 */
export async function cniProjects(settings: CniSettings): Promise<TestProjectConfiguration[]> {
  const targets: TargetContext[] = [];
  const profile = await loadPluginProfile(settings);
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
  const named = new Set(
    namesIn(settings).flatMap((name) => (isFolder(name) ? [] : pluginsNamed(name, settings))),
  );
  return targets.map((target) => ({
    extends: true,
    test: {
      name: `${target.driver}@${target.engine}`,
      include: [`suites/cni/**/*.test${moduleEnding}`],
      globalSetup: [join(import.meta.dirname, `global-setup${moduleEnding}`)],
      provide: { target, named: named.has(target.reference) },
      // What several do on the machine itself nobody can tell apart.
      maxConcurrency: profile?.namespace === "machine" ? 1 : 6,
      maxWorkers: profile?.namespace === "machine" ? 1 : 2,
      isolate: false,
      // Of a plugin that hangs several calls may be waited for, 30 s each: that is the plugin's failure, not the test's.
      testTimeout: 180_000 * settings.PATIENCE,
      sequence: { groupOrder: 60 },
    },
  }));
}

async function chosenPlugins(settings: CniSettings): Promise<string[]> {
  if (settings.PLUGIN) return [...new Set(namesIn(settings).flatMap((name) => pluginsNamed(name, settings)))];
  const found = settings.CNI_PATH.flatMap(executablesIn);
  if (found.length > 0) return found;
  const folder = join(settings.CACHE, "cni-debug-plugins");
  await installDebugPlugins(new LocalHost(), folder);
  return executablesIn(folder);
}

function namesIn({ PLUGIN = "" }: Pick<CniSettings, "PLUGIN">): string[] {
  return PLUGIN.split(",")
    .map((item) => item.trim())
    .filter(Boolean);
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** A folder stands for all in it, a bare name for the first of that name in `CNI_PATH`. */
function pluginsNamed(name: string, { CNI_PATH }: Pick<CniSettings, "CNI_PATH">): string[] {
  if (isFolder(name)) return executablesIn(name);
  if (name.includes("/")) return [resolve(name)];
  return [CNI_PATH.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? resolve(name)];
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
