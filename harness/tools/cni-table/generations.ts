import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { debianPackage, debianPlugins, debianSuites } from "#harness/cni/debian/debian.ts";
import { progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";

/** Plugins of one release in a folder. */
export interface Generation {
  readonly name: string;
  readonly folder: string;
  /** What it is, without anything of this machine. */
  readonly what: string;
}

/**
 * What a command is to try: with `debian` both of Debian's, which are unpacked into the cache where they are not there, and folders as the
 * user named them. `docs` is for Debian's alone. Throws `UsageError`, which begins with the command's name.
 */
export async function findGenerations(
  command: string,
  folders: readonly string[],
  { debian = false, docs = false }: { readonly debian?: boolean; readonly docs?: boolean },
  settings: BootstrapSettings,
): Promise<Generation[]> {
  if (!debian && folders.length === 0)
    throw new UsageError(`${command}: expected --debian or a folder with plugins`);
  if (docs && (!debian || folders.length > 0)) {
    throw new UsageError(
      `${command}: --docs is for --debian alone: the docs speak of what everybody can get`,
    );
  }
  const generations: Generation[] = [];
  // One after the other: building an archive takes the whole machine.
  for (const suite of debian ? debianSuites : []) {
    const { folder, version, generation } = await debianPlugins(settings, progress, suite);
    generations.push({
      name: generation,
      folder,
      what: `Debian's ${debianPackage} ${version}, from ${suite}`,
    });
  }
  for (const argument of folders) {
    const at = argument.indexOf("=");
    const folder = resolve(argument.slice(at + 1));
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`${command}: expected a folder with plugins, got ${argument}`);
    }
    const name = at < 0 ? basename(folder) : argument.slice(0, at);
    generations.push({ name, folder, what: "plugins in a folder" });
  }
  return generations;
}
