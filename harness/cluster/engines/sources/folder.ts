import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { EngineRecipe } from "#harness/cluster/engines/recipe.ts";
import { UsageError } from "#harness/core/errors.ts";
import { basePackages, baseSuite, checkPrograms, engineHint, hashFiles, packPrograms } from "./programs.ts";

/** A folder with dockerd and its helpers, e.g. a developer's own build. Throws `UsageError` where it is none. */
export async function fromFolder({ path }: { readonly path: string }): Promise<EngineRecipe> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    const got = found ? "a file (an archive ends in .tgz)" : "nothing there";
    throw new UsageError(`ENGINE=${path}: expected a folder with dockerd and its helpers, got ${got}`, {
      hint: engineHint,
    });
  }
  const programs = await checkPrograms(path, path);
  const files = programs.map((name) => join(path, name));
  return {
    what: `the Docker Engine of ${path}`,
    word: path,
    content: `folder ${await hashFiles(files, programs)}`,
    suite: baseSuite,
    packages: basePackages,
    pack: (folder) => packPrograms(path, programs, folder),
  };
}
