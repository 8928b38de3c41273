import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { projectRoot } from "#harness/core/project-root.ts";
import { chapters } from "./projects.ts";

/**
 * Chapters that stop or restart what all others rely on, by the path of their file without its ending, with what they do. They come
 * last, so that what an engine or a plugin does not survive is not held against the others.
 */
export const disruptive: Readonly<Record<string, string>> = {
  "suites/policy/policy": "restarts the plugin",
  "suites/encryption/rotation": "restarts the engine that rotates keys",
  "suites/swarm/swarm": "ends the plugin, and starts it again; forms a swarm, and leaves it",
  "suites/plugin/restarts": "restarts and kills engines, and restarts the plugin",
  "suites/lifecycle/engines": "restarts and kills engines",
};

/** The place of a chapter among those of its target: the undisruptive ones first, both in the order of the tutorial. */
export function rankOf(file: string): number {
  const path = relative(projectRoot, file).replace(/\.test\.\w+$/, "");
  const [, folder = ""] = path.split("/");
  const named: readonly string[] = chapters;
  const place = named.includes(folder) ? named.indexOf(folder) : named.length;
  const last = Object.keys(disruptive).indexOf(path);
  return last < 0 ? place : named.length + 1 + last;
}

/** The same order of chapters in every run, whatever an earlier run or the size of a file says. */
export class ChapterOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...projects.values()].flatMap((own) =>
      own.toSorted(
        (one, other) =>
          rankOf(one.moduleId) - rankOf(other.moduleId) || one.moduleId.localeCompare(other.moduleId, "en"),
      ),
    );
  }
}
