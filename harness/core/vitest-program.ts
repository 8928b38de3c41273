import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { isCheckout, projectRoot } from "./project-root.ts";

const noBackgroundBaseline = "--no-concurrent-sparkplug";

/**
 * For a process that was started without our flags, e.g. the user's own vitest: has V8's baseline compiler work in turn with the program. In the
 * background it may wait for a collection of garbage by a main thread that has left by `process.exit` and waits for it: such a process hangs
 * (nodejs/node#54918).
 */
export function compileInTurn(): void {
  setFlagsFromString(noBackgroundBaseline);
}

/**
 * The command that starts vitest, as this project or the user's own resolves it. Node.js would let the heap grow by a hundred megabytes
 * before it looks for young objects that are dead. For the other flag see `compileInTurn`.
 */
export const vitestCommand: readonly string[] = [
  process.execPath,
  "--max-semi-space-size=2",
  noBackgroundBaseline,
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
