import { readFileSync } from "node:fs";
import { arch, availableParallelism, platform, release } from "node:os";
import { z } from "zod";
import { readSettings, type Settings } from "#harness/config/settings.ts";
import type { Statement } from "./schema.ts";

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  devDependencies: z.record(z.string(), z.string()),
});

const manifest = manifestSchema.parse(
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")),
);

/** Name and version of the suite. */
export const generator: Statement["generator"] = { name: manifest.name, version: manifest.version };

/** Settings that name places of one machine; they explain nothing to a reader elsewhere. */
const localSettings: readonly string[] = ["CACHE", "REPORTS", "MIRROR"] satisfies (keyof Settings)[];

/** What the run stood on: host, Node.js, npm packages (all pinned), settings without local paths. */
export function describeEnvironment(settings: Settings = readSettings()): Statement["environment"] {
  const told = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || localSettings.includes(name) ? [] : [[name, value] as const],
  );
  return {
    host: { platform: platform(), kernel: release(), arch: arch(), cpus: availableParallelism() },
    node: process.version,
    packages: manifest.devDependencies,
    settings: Object.fromEntries(told),
  };
}
