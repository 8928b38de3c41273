import { basename } from "node:path";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { generator } from "#reports/environment.ts";
import { readImplementation } from "./implementation.ts";
import type { CatalogueOfRun, Implementation } from "./schema.ts";
import { describeCatalogue, digestOfSuite } from "./suite.ts";

/** Who judged whose plugin, by what, and how that was typed. */
export interface Runner {
  readonly generator: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly catalogue: CatalogueOfRun;
  readonly implementation?: Implementation;
  readonly command: readonly string[];
}

/**
 * What a statement says of who wrote it. `implementationFile` is that of the setting `IMPLEMENTATION`; one that cannot be read ends
 * the process with exit code 2.
 */
export function describeRunner(implementationFile: string | undefined): Runner {
  const implementation = implementationFile === undefined ? undefined : read(implementationFile);
  return {
    generator: { ...generator, sha256: digestOfSuite() },
    catalogue: describeCatalogue(generator.version),
    ...(implementation ? { implementation } : {}),
    command: typedCommand(process.argv),
  };
}

function read(file: string): Implementation {
  try {
    return readImplementation(file);
  } catch (error) {
    return endOnUsageError(error);
  }
}

/** A program's name, and its arguments. */
function typedCommand([, program = "", ...args]: readonly string[]): string[] {
  return [basename(program).startsWith("vitest") ? "vitest" : "netconform", ...args];
}
