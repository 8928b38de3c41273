import { resolvePublicApi } from "#drivers/public-api-import.ts";
import { messageOf, UsageError } from "#harness/core/errors.ts";
import { lineThrown } from "./source-line.ts";

/** A file or package that a setting of the user's names. */
export interface NamedModule {
  /** The setting with its value, as messages begin: `DRIVER=./mine.ts`. */
  readonly named: string;
  /** What to import. */
  readonly specifier: string;
  /** What to call it in messages. */
  readonly place: string;
  /** Its file, or what comes closest. */
  readonly file: string;
}

/**
 * The default export of such a module, whose imports of `netconform` lead here. `unknown` is said of a name that leads nowhere, `example`
 * shows what a file has to export. Throws `UsageError` with file, and line where that can be told.
 */
export async function importDefault(
  { named, specifier, place, file }: NamedModule,
  { unknown, example }: { readonly unknown?: string; readonly example: string },
): Promise<unknown> {
  resolvePublicApi();
  let loaded: { default?: unknown };
  try {
    loaded = (await import(specifier)) as { default?: unknown };
  } catch (error) {
    // A package that is there but lacks one of its own is another case.
    const missing =
      (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" &&
      String(error).includes(`'${specifier}'`);
    throw new UsageError(
      missing && unknown !== undefined && !place.startsWith("/")
        ? `${named}: ${unknown} (set in the environment)`
        : `${named}: ${lineThrown(file, error)} could not be loaded: ${messageOf(error)}`,
      { cause: error, ...(isScript(error) ? { hint: scriptHint } : {}) },
    );
  }
  if (loaded.default === undefined) {
    throw new UsageError(`${named}: ${file} has no default export`, { hint: example });
  }
  return loaded.default;
}

const scriptHint = 'name the file driver.mts, or put "type": "module" into the nearest package.json';

/** Whether Node.js took a file with `import` for a script, as it does where the nearest package.json does not say otherwise. */
function isScript(error: unknown): boolean {
  return error instanceof SyntaxError && /outside a module/.test(error.message);
}
