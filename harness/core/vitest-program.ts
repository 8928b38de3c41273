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
 * Options of vitest for that configuration. The package is JavaScript that knows its place, which it would lose where it is bundled
 * into its configuration.
 */
export const vitestOptions: readonly string[] = [
  `--config=${vitestConfig}`,
  ...(isCheckout ? [] : ["--configLoader=native"]),
];
