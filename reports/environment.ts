import { readFileSync } from "node:fs";
import { arch, availableParallelism, platform, release } from "node:os";
import { z } from "zod";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Statement } from "./conformance/schema.ts";

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** In a checkout everything is one of these, in the package one of the others. */
  devDependencies: z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});

const manifest = manifestSchema.parse(
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")),
);

/** Name and version of the suite. */
export const generator: Statement["generator"] = { name: manifest.name, version: manifest.version };

/** Settings that decide what a run shows. The others are paths of one machine, or may hold secrets. */
const toldSettings = [
  "DRIVER",
  "ENGINE",
  "CLUSTER",
  "NODES",
  "SCALE",
  "KEEP",
  "IMAGE",
  "FIREWALL",
  "SUBNETS",
  "CONFIG",
  "PROFILE",
  "KIND",
  "CNI_VERSION",
  "CNM_ENGINE",
  "PATIENCE",
  "FAULT",
  "MEND",
] as const satisfies readonly (keyof Settings)[];
/** What is told of the settings. */
export type ToldSettings = Pick<Settings, (typeof toldSettings)[number]>;

/** What the run stood on: host, Node.js, npm packages (all pinned), the settings that decided what was run. */
export function describeEnvironment(settings: ToldSettings): Statement["environment"] {
  const told = toldSettings.flatMap((name) => {
    const value = settings[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    host: { platform: platform(), kernel: release(), arch: arch(), cpus: availableParallelism() },
    node: process.version,
    packages: { ...manifest.devDependencies, ...manifest.dependencies, ...manifest.peerDependencies },
    settings: Object.fromEntries(told),
  };
}
