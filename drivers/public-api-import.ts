import { readFileSync, realpathSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "#harness/core/errors.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { packageVersion } from "./kit/api-version.ts";

/** What driver files import the public API by. */
const packageName = "netconform";
const api = new URL(`./index${moduleEnding}`, import.meta.url).href;

/** Leads imports of the public API to this project, whatever file they are in: for `resolve.alias` of a vitest config. */
export const publicApiAlias = { find: new RegExp(`^${packageName}$`), replacement: fileURLToPath(api) };

let resolved = false;

/**
 * Has Node.js lead such imports here as well, in this process and from now on. An import that would lead to another
 * version otherwise throws `UsageError`: its file was written for that one.
 */
export function resolvePublicApi(): void {
  if (resolved) return;
  resolved = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== packageName) return next(specifier, context);
      if (context.parentURL?.startsWith("file:")) refuseOtherVersion(fileURLToPath(context.parentURL));
      return next(api, context);
    },
  });
}

/** Throws `UsageError` where a file finds another version of this package than the one that runs. */
export function refuseOtherVersion(importer: string): void {
  const other = packageFoundBy(importer);
  const own = packageVersion();
  if (other === undefined || other.folder === realpathSync(projectRoot) || other.version === own) return;
  throw new UsageError(
    `two versions of ${packageName} in one tree: ${own} runs, from ${projectRoot}; ${importer} imports ${other.version}, from ${other.folder}`,
    { hint: `install one version for both: npm ls ${packageName} shows who brings which` },
  );
}

/** The package of this name that Node.js would lead a file to; `undefined` where there is none. */
function packageFoundBy(importer: string): { folder: string; version: string } | undefined {
  try {
    const manifest = realpathSync(createRequire(importer).resolve(`${packageName}/package.json`));
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    return { folder: dirname(manifest), version };
  } catch {
    return undefined;
  }
}
