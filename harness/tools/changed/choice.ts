import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fileOfBuiltIn } from "#drivers/built-in.ts";
import { judgesOfChapters } from "#harness/conformance/run/selection.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { type Fault, targetDriver } from "#harness/proof/fault.ts";
import { isRequirementId } from "#suites/requirements/catalogue.ts";
import type { Changes } from "./diff.ts";
import { isChapter, isOwnTest, type ProjectSources } from "./project.ts";
import type { Block, Lines } from "./source.ts";

/** What a changed file says of the proof. */
export interface FileChoice {
  readonly path: string;
  /** Why these faults. */
  readonly why: string;
  readonly faults: readonly Fault[];
  /** How many more rest on it and are not chosen: something of everything is proved by one fault of each kind. */
  readonly left: number;
  /** Requirements of a changed test or rule that no fault is detected by. */
  readonly unproved: readonly string[];
}

/** So many faults may rest on one file and all be chosen for it. */
const many = 12;

/** What judges chapters as a whole, as plain texts. */
const judges: ReadonlySet<string> = judgesOfChapters;
const rules = "suites/requirements/rules/";
const machinery = /^harness\/proof\/(?!faults\/)/;

/** What each changed file says of the proof: the faults that are to be injected for it, and why those. */
export function chooseByChanges(
  changes: Changes,
  sources: ProjectSources,
  faults: readonly Fault[],
): FileChoice[] {
  const known = faults.map((fault) => ({ fault, ...rootsOf(fault, sources) }));
  return [...changes].map(([path, lines]): FileChoice => {
    const source = sources.of(path);
    const touched = (blocks: readonly Block[]) => touchedNames(blocks, lines);
    const none = { path, why: "", faults: [], left: 0, unproved: [] };
    if (isOwnTest(path)) return none;
    if (source && (isChapter(path) || path.startsWith(rules))) {
      const { names: met, around } = touched(isChapter(path) ? source.tests : source.objects);
      // Some tests are defined by a function of their file, which is given the id.
      const names = around ? [...source.texts, ...met].filter(isRequirementId) : met;
      const ids = [...new Set(names)].filter((name) => !judges.has(name));
      const own = known.filter(
        ({ fault, tests }) =>
          (!isChapter(path) || tests.includes(path)) && fault.detectedBy.some((id) => names.includes(id)),
      );
      const proved = new Set(faults.flatMap(({ detectedBy }) => detectedBy as readonly string[]));
      return {
        path,
        why: `${around ? "all of" : "of"} ${ids.join(" ") || "no requirement"}`,
        faults: own.map(({ fault }) => fault),
        left: 0,
        unproved: ids.filter((id) => !proved.has(id)),
      };
    }
    const defined = known.filter(({ definitions }) => definitions.includes(path));
    if (source && defined.length > 0) {
      const { names } = touched(
        source.objects.filter(({ name }) => defined.some(({ fault }) => callsOf(fault).includes(name))),
      );
      const own = defined.filter(({ fault }) => callsOf(fault).some((name) => names.includes(name)));
      return { ...none, why: "what it injects", faults: own.map(({ fault }) => fault) };
    }
    const modules = sources.modulesFor(path);
    const resting = known.filter(({ tests, driver, definitions }) =>
      machinery.test(path)
        ? true
        : [...tests, ...driver, ...definitions].some((root) =>
            modules.some((one) => root === one || sources.reached(root).has(one)),
          ),
    );
    const all = resting.map(({ fault }) => fault);
    if (all.length <= many) return { ...none, why: "what rests on it", faults: all };
    const some = [...Map.groupBy(all, kindOf).values()].flatMap(([first]) => first ?? []);
    return {
      ...none,
      why: "one of each kind of what rests on it",
      faults: some,
      left: all.length - some.length,
    };
  });
}

/** Faults of one kind run on the same clusters, or in the same suite. */
function kindOf({ on }: Fault): string {
  return on.tier === "chapters" ? `${targetDriver(on)}@${on.engine ?? ""}` : on.tier;
}

interface Roots {
  /** Test files that show what must detect the fault. */
  readonly tests: readonly string[];
  readonly driver: readonly string[];
  /** Where the fault is written down and carried out. */
  readonly definitions: readonly string[];
}

function rootsOf(fault: Fault, sources: ProjectSources): Roots {
  const { on, detectedBy } = fault;
  const suite = on.tier === "chapters" ? on.chapter : on.tier;
  const beside = sources.paths.filter((path) => isChapter(path) && path.startsWith(`suites/${suite}/`));
  const citing = beside.filter((path) => detectedBy.some((id) => sources.of(path)?.texts.has(id)));
  const file = on.tier === "chapters" ? fileOfBuiltIn(on.driver) : undefined;
  const calls = callsOf(fault);
  const places = /^(harness\/proof\/faults|drivers\/reference\/faults|harness\/cni\/debug-plugins)\//;
  return {
    // What judges a chapter as a whole is in every file of it.
    tests: citing.length > 0 && !detectedBy.some((id) => judgesOfChapters.has(id)) ? citing : beside,
    driver: file ? [relative(projectRoot, fileURLToPath(file))] : [],
    definitions: sources.paths.filter(
      (path) => places.test(path) && !isOwnTest(path) && calls.some((name) => isNamed(sources, path, name)),
    ),
  };
}

function isNamed(sources: ProjectSources, path: string, name: string): boolean {
  return sources.of(path)?.objects.some((block) => block.name === name) ?? false;
}

/** The names by which the code knows a fault: its own, and that of the switch or behaviour that it turns on. */
function callsOf({ name, inject }: Fault): string[] {
  const switched = "switchOn" in inject ? [inject.switchOn] : [];
  const behaviour = "behaviour" in inject ? [inject.behaviour] : [];
  return [name, ...switched, ...behaviour];
}

/** The names of the blocks that a change is in; of all of them where it is in none: they share what is around them. */
function touchedNames(
  blocks: readonly Block[],
  changed: readonly Lines[] | "whole",
): { names: string[]; around: boolean } {
  const all = [...new Set(blocks.map(({ name }) => name))];
  if (changed === "whole") return { names: all, around: true };
  const meets = (one: Lines, other: Lines) => one.first <= other.last && other.first <= one.last;
  const around = changed.some((lines) => !blocks.some((block) => meets(block, lines)));
  if (around) return { names: all, around };
  const met = blocks.filter((block) => changed.some((lines) => meets(block, lines)));
  return { names: [...new Set(met.map(({ name }) => name))], around };
}
