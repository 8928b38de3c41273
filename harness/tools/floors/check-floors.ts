import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Exceptions, exceptions } from "./exceptions.ts";
import { biomeRules } from "./rules.ts";

/**
 * The arguments of Biome that hold the files in the folder `root` to the rules of the floors. Writes its configuration
 * below `root`: Biome follows imports only of the folder that its configuration is in.
 */
export function floorsCheck(root: string, excepted: Exceptions = exceptions): string[] {
  const folder = join(root, "node_modules/.cache/netconform-floors");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "biome.json"), JSON.stringify(biomeRules(excepted), null, 2));
  return ["lint", `--config-path=${folder}`, "--max-diagnostics=none", "--diagnostic-level=error"];
}
