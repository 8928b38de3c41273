import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isCheckout, projectRoot } from "./project-root.ts";

/**
 * The command that starts vitest, as this project or the user's own resolves it. Node.js would let the heap grow by a hundred megabytes
 * before it looks for young objects that are dead.
 */
export const vitestCommand: readonly string[] = [
  process.execPath,
  "--max-semi-space-size=2",
  join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs"),
];

/** Path of the configuration with which the chapters run: in a checkout, with the project's own tests as well. */
export const vitestConfig = join(
  projectRoot,
  isCheckout ? "vitest.config.ts" : "harness/cli/vitest/vitest.config.js",
);

/**
 * How vitest loads a configuration of the project: as Node.js loads any module, out of its cache. Vitest would bundle it with all that it
 * imports at every start, for a second of the processor, and a bundle does not know the project's place.
 */
export const configLoader = "native";

/** Options of vitest for that configuration. */
export const vitestOptions: readonly string[] = [
  `--config=${vitestConfig}`,
  `--configLoader=${configLoader}`,
];
