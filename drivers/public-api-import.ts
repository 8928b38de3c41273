import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { moduleEnding } from "#harness/core/project-root.ts";

/** What driver files import the public API by. */
const packageName = "netconform";
const api = new URL(`./index${moduleEnding}`, import.meta.url).href;

/** Leads imports of the public API to this project, whatever file they are in: for `resolve.alias` of a vitest config. */
export const publicApiAlias = { find: new RegExp(`^${packageName}$`), replacement: fileURLToPath(api) };

let resolved = false;

/** Has Node.js lead such imports here as well, in this process and from now on. */
export function resolvePublicApi(): void {
  if (resolved) return;
  resolved = true;
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === packageName ? api : specifier, context),
  });
}
