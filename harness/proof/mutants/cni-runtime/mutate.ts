import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RuntimeModules } from "#harness/cni/runtimes/ours/ours.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";

/** A piece of a source file below harness/cni, and what stands there instead. The piece is in the file once. */
export interface Edit {
  readonly file: `runtime/${string}.ts` | `protocol/${string}.ts`;
  readonly find: string;
  readonly put: string;
}

/** What a mutant has of its own; the rest of the project is the real one. */
const copied = ["runtime", "protocol"];

/** The text of a file with an edit. Throws `HarnessError` where the piece is not there once, since the source has changed. */
export function edited(text: string, { file, find, put }: Edit): string {
  const parts = text.split(find);
  if (parts.length === 2) return parts.join(put);
  throw new HarnessError(`${file}: expected one "${find}", got ${parts.length - 1}`, {
    hint: "the source has changed: change the mutant as well",
  });
}

/** The source of a file below harness/cni. */
export function sourceOf(file: Edit["file"]): Promise<string> {
  return readFile(join(projectRoot, "harness/cni", file), "utf8");
}

/**
 * Puts a copy of the runtime's source with these edits into a folder of its own, and loads it from there. Needs a checkout: the
 * published package has no source.
 */
export async function loadMutant(folder: string, edits: readonly Edit[]): Promise<RuntimeModules> {
  await rm(folder, { recursive: true, force: true });
  const cni = join(folder, "harness/cni");
  await mkdir(cni, { recursive: true });
  const imports = { "#harness/*": "./harness/*", "#suites/*": "./suites/*" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", imports }));
  for (const name of copied)
    await cp(join(projectRoot, "harness/cni", name), join(cni, name), { recursive: true });
  for (const shared of ["harness/core", "harness/host", "suites", "node_modules"]) {
    await mkdir(dirname(join(folder, shared)), { recursive: true });
    await symlink(join(projectRoot, shared), join(folder, shared));
  }
  for (const edit of edits) {
    const path = join(cni, edit.file);
    await writeFile(path, edited(await readFile(path, "utf8"), edit));
  }
  const load = (file: string) => import(pathToFileURL(join(cni, file)).href) as Promise<object>;
  return { ...(await load("runtime/runtime.ts")), ...(await load("runtime/config.ts")) } as RuntimeModules;
}
