import { BaseSequencer, type TestProject, type TestSpecification } from "vitest/node";
import { shuffled } from "#harness/core/random.ts";
import { disruptive, isLongest, pathOf } from "./pool/disruptive.ts";
import { chapters } from "./projects.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Whether the chapter that takes longest is the first of those of the target, which run side by side. */
    longestComes: boolean;
  }
}

/** The longest of those that leave engines alone. */
const long: readonly string[] = [
  "suites/cni/lists",
  "suites/cni/attachments",
  "suites/datapath/networks",
  "suites/datapath/publishing",
  "suites/datapath/ways",
  "suites/lifecycle/containers",
];

/** Those in which one call waits for the other: they go beside such as have many under way. */
const waiting: readonly string[] = ["suites/cni/concurrency"];

/** Those of the disruptive ones that wait longest for engines. */
const longest: readonly string[] = [
  "suites/lifecycle/plugin",
  "suites/lifecycle/firewall",
  "suites/lifecycle/lost-nodes",
  "suites/lifecycle/engines",
];

/**
 * The place of a chapter among those of its target: the undisruptive ones first, in the order of the tutorial, then the others as they are
 * listed. Where several run at a time, each on a cluster of its own, the longest of all is the very first, and the long ones are the first of the
 * undisruptive and of the disruptive ones, so that none is left over when all others have ended.
 */
export function rankOf(file: string, { sideBySide = false } = {}): number {
  const path = pathOf(file);
  if (sideBySide && isLongest(file)) return -1;
  const [, folder = ""] = path.split("/");
  const named: readonly string[] = chapters;
  const place = named.includes(folder) ? named.indexOf(folder) : named.length;
  const order = Object.keys(disruptive);
  if (sideBySide && long.includes(path)) return 0;
  if (sideBySide && waiting.includes(path)) return 1 + named.length + 1;
  const last = (sideBySide ? [...new Set([...longest, ...order])] : order).indexOf(path);
  return last < 0 ? 1 + place : named.length + 2 + last;
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
    .flatMap(([project, own]) => {
      const sideBySide = project.config.maxWorkers > 1;
      const ordered = order(own, sideBySide);
      const first = ordered[0]?.moduleId;
      // A worker that already has a cluster asks for none.
      const comes = sideBySide && !project.vitest.config.testNamePattern && first !== undefined;
      project.provide("longestComes", comes && isLongest(first));
      return ordered;
    });
}
