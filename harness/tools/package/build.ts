import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { $ } from "#harness/host/local/zx.ts";
import { packagedFiles } from "./files.ts";
import { readManifest } from "./manifest.ts";

/** Folder of the package that is published, below the project. */
export const packageFolder = join(projectRoot, "dist");

/**
 * Builds the package: JavaScript with source maps, declarations, what else its modules read, and a package.json of its
 * own. Everything keeps its place relative to the others, so that each finds what comes with it. Takes seconds.
 */
export async function buildPackage(folder = packageFolder): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const { modules, assets } = await packagedFiles();
  await Promise.all([compile(modules, folder), declare(folder), copy(assets, folder)]);
  await writeFile(join(folder, "package.json"), `${JSON.stringify(await readManifest(), null, 2)}\n`);
}

async function compile(modules: readonly string[], folder: string): Promise<void> {
  const bundle = await rolldown({
    cwd: projectRoot,
    input: Object.fromEntries(modules.map((path) => [path.replace(/\.ts$/, ""), join(projectRoot, path)])),
    platform: "node",
    external: (name) => !/^[.#/]/.test(name),
    treeshake: false,
  });
  await bundle.write({
    dir: folder,
    format: "esm",
    preserveModules: true,
    preserveModulesRoot: projectRoot,
    entryFileNames: "[name].js",
    sourcemap: true,
    // A module's source is named as if it lay beside it, so that no map tells where the package was built.
    sourcemapPathTransform: (source) => basename(source),
  });
  await bundle.close();
}

async function declare(folder: string): Promise<void> {
  const tsc = join(projectRoot, "node_modules/.bin/tsc");
  const config = join(projectRoot, "tsconfig.package.json");
  const built = await $({ cwd: projectRoot })`${[tsc, "--project", config, "--outDir", folder]}`;
  if (built.exitCode !== 0) throw new HarnessError(`the declarations do not build:\n${built.stdout}`);
}

async function copy(assets: readonly string[], folder: string): Promise<void> {
  await Promise.all(
    assets.map(async (path) => {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await cp(join(projectRoot, path), target);
    }),
  );
}
