import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestProjectConfiguration } from "vitest/config";
import type { Settings } from "#harness/config/settings.ts";
import type { TargetContext } from "#harness/conformance/outcome.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { installDebugPlugins } from "./debug-plugins/install.ts";
import { CniRuntime } from "./runtime.ts";
import { isSpecVersion } from "./version.ts";

/**
 * One vitest project per plugin and version of the specification that it claims, newest first: `bridge@cni-1.0.0`.
 * Without `PLUGIN`: every plugin in `CNI_PATH`; where there is none, the suite's own debug plugins.
 */
export async function cniProjects(settings: Settings): Promise<TestProjectConfiguration[]> {
  const targets: TargetContext[] = [];
  for (const path of await chosenPlugins(settings)) {
    const versions = await claimedVersions(path);
    const wanted =
      settings.CNI_VERSION.length === 0 ? versions : versions.filter((one) => isWanted(settings, one));
    for (const version of wanted.length > 0 ? wanted : ["unknown"]) {
      targets.push({
        driver: basename(path),
        reference: path,
        title: version === "unknown" ? "no plugin that answers VERSION" : path,
        engine: `cni-${version}`,
        declared: [],
      });
    }
  }
  return targets.map((target) => ({
    extends: true,
    test: {
      name: `${target.driver}@${target.engine}`,
      include: ["suites/cni/**/*.test.ts"],
      provide: { target },
      maxConcurrency: 6,
      maxWorkers: 1,
      isolate: false,
      sequence: { groupOrder: 60 },
    },
  }));
}

function isWanted(settings: Settings, version: string): boolean {
  return (settings.CNI_VERSION as readonly string[]).includes(version);
}

async function chosenPlugins(settings: Settings): Promise<string[]> {
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

/** Newest first; none when the file is no CNI plugin, which its tests then say. */
async function claimedVersions(path: string): Promise<string[]> {
  const runtime = new CniRuntime({ host: new LocalHost(), path: [path.slice(0, path.lastIndexOf("/"))] });
  const answer = await runtime.version(basename(path)).catch(() => undefined);
  return (answer?.supportedVersions ?? []).filter(isSpecVersion).toReversed();
}
