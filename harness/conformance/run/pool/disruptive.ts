import { relative } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";

/**
 * Chapters that stop or restart what all others rely on, by the path of their file without its ending, with what they do. They come
 * last, so that what an engine or a plugin does not survive is not held against the others.
 */
export const disruptive: Readonly<Record<string, string>> = {
  "suites/policy/policy": "restarts the plugin",
  "suites/encryption/rotation": "restarts the engine that rotates keys",
  "suites/swarm/swarm": "ends the plugin, and starts it again; forms a swarm, and leaves it",
  "suites/plugin/restarts": "restarts and kills engines, and restarts the plugin",
  "suites/lifecycle/engines": "restarts engines",
  "suites/lifecycle/killed-engines": "kills an engine",
  "suites/lifecycle/plugin": "kills engines, and starts one whose plugin was ended",
  "suites/lifecycle/firewall": "flushes a firewall, and restarts its engine",
  "suites/lifecycle/lost-nodes": "kills an engine with all that it runs, and has its node cut off",
  "suites/connections/restarts": "restarts the plugin and an engine",
  "suites/disorder/cut-off": "kills engines while they start containers",
  "suites/disorder/nemesis":
    "kills engines and the plugin, has nodes cut off, and sets the clock of one ahead",
};

/** A chapter's file below the project, without its ending: `suites/lifecycle/engines`. */
export function pathOf(file: string): string {
  return relative(projectRoot, file).replace(/\.test\.\w+$/, "");
}

export function isDisruptive(file: string): boolean {
  return pathOf(file) in disruptive;
}

/**
 * Whether a chapter can take as long as all others together: it waits half a minute for an engine that was killed. Side by side it begins
 * first.
 */
export function isLongest(file: string): boolean {
  return pathOf(file) === "suites/lifecycle/killed-engines";
}
