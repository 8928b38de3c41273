import { relative } from "node:path";
import { BaseSequencer, type TestProject, type TestSpecification } from "vitest/node";
import { projectRoot } from "#harness/core/project-root.ts";
import { shuffled } from "#harness/core/random.ts";
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
  "suites/lifecycle/engines": "restarts engines",
  "suites/lifecycle/killed-engines": "kills an engine",
  "suites/lifecycle/plugin": "kills engines, and starts one whose plugin was ended",
  "suites/lifecycle/firewall": "flushes a firewall, and restarts its engine",
  "suites/lifecycle/lost-nodes": "kills an engine with all that it runs, and has its node cut off",
};

/** Those of them that wait longest for engines: half a minute and more each time. */
const longest: readonly string[] = [
  "suites/lifecycle/engines",
  "suites/lifecycle/killed-engines",
  "suites/lifecycle/plugin",
  "suites/lifecycle/lost-nodes",
];

/**
 * The place of a chapter among those of its target: the undisruptive ones first, in the order of the tutorial, then the others as they are
 * listed. Where several run at a time those that wait longest are the first of the disruptive ones, so that none is left over when all others have ended.
 */
export function rankOf(file: string, { sideBySide = false } = {}): number {
  const path = relative(projectRoot, file).replace(/\.test\.\w+$/, "");
  const [, folder = ""] = path.split("/");
  const named: readonly string[] = chapters;
  const place = named.includes(folder) ? named.indexOf(folder) : named.length;
  const order = Object.keys(disruptive);
  const last = (sideBySide ? [...new Set([...longest, ...order])] : order).indexOf(path);
  return last < 0 ? place : named.length + 1 + last;
}

/** The same order of chapters in every run, whatever an earlier run or the size of a file says. */
export class ChapterOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return targetByTarget(await super.sort(files), (own, sideBySide) => {
      const rank = ({ moduleId }: TestSpecification) => rankOf(moduleId, { sideBySide });
      return own.toSorted(
        (one, other) => rank(one) - rank(other) || one.moduleId.localeCompare(other.moduleId, "en"),
      );
    });
  }
}

/** The order of chapters that a seed decides. */
export function chapterOrderOf(seed: number): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      return targetByTarget(await super.sort(files), (own) => {
        const chapters = own.toSorted((one, other) => one.moduleId.localeCompare(other.moduleId, "en"));
        return shuffled(chapters, seed, "chapters");
      });
    }
  };
}

/**
 * All chapters of a target, then those of the next: a worker ends with its cluster as soon as the chapter that waits is another
 * target's. Where several run at a time, what declares most comes first, so that nothing long is left over at the end.
 */
function targetByTarget(
  files: readonly TestSpecification[],
  order: (files: readonly TestSpecification[], sideBySide: boolean) => readonly TestSpecification[],
): TestSpecification[] {
  const targets = Map.groupBy(files, ({ project }) => project);
  const declared = (project: TestProject) =>
    project.config.maxWorkers > 1 ? (project.getProvidedContext().target?.declared.length ?? 0) : 0;
  return [...targets]
    .toSorted(([one], [other]) => {
      const groups = one.config.sequence.groupOrder - other.config.sequence.groupOrder;
      return groups || declared(other) - declared(one);
    })
    .flatMap(([project, own]) => order(own, project.config.maxWorkers > 1));
}
