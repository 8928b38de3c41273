import type { Plugin } from "vitest/config";
import { shuffled } from "#harness/core/random.ts";
import { isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";
import type { LatencyName, LatencyPercentile } from "#suites/requirements/rules/latencies.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What runs, how often and in which order. */
    selection: Selection;
  }
}

/** Tests of one file on one target. */
export interface SelectedTests {
  /** Name of the target, e.g. `overlay@26.1`. */
  readonly target: string;
  /** Test file, relative to the project. */
  readonly file: string;
  /** Only the tests of these requirements; left out: the whole file. */
  readonly requirements?: readonly RequirementId[];
}

/** What a latency may be at most, or the run is red. */
export interface Gate {
  readonly latency: LatencyName;
  readonly percentile: LatencyPercentile;
  readonly limitMs: number;
}

/** What runs, how often and in which order: one object from the command line to the workers. Plain JSON. */
export interface Selection {
  /** Tests to run; left out: all that filters and patterns leave. */
  readonly only?: readonly SelectedTests[];
  /** How often all of it runs, on the same clusters. */
  readonly rounds: number;
  /** Seed of the order of chapters and tests; left out: the order in which they are written. */
  readonly seed?: number;
  /** Seed of what chapters generate, the first one where they take several; left out: that of the order, or their usual one. */
  readonly generated?: number;
  /** Unix socket at which a test that has failed asks whether to go on; left out: it goes on. */
  readonly pause?: string;
  /** What latencies that are measured may be at most; left out: nothing is asked of them. */
  readonly gates?: readonly Gate[];
  /** A cluster that stays is left without the plugin, which the next run installs anew. */
  readonly reinstall?: boolean;
}

/** Everything, once, in the order in which it is written. */
export const everything: Selection = { rounds: 1 };

/** What judges a chapter as a whole says nothing without the rest of the chapter. */
export const judgesOfChapters: ReadonlySet<RequirementId> = new Set(["S5", "C1", "R1"]);

/** A regular expression for titles of tests that cite one of these requirements, e.g. `multihost M4 the containers …`. */
export function titlePattern(ids: readonly RequirementId[]): string {
  return `(^|\\s)(${ids.map((id) => id.replaceAll(/[^\w]/g, "\\$&")).join("|")})\\s`;
}

/**
 * Plugin for a vitest config: `-t CNM-1`, or `-t M4,B2`, selects the tests of these requirements and not those of CNM-10. Any
 * other `-t` is the regular expression that it is for vitest.
 */
export function selectionById(): Plugin {
  return {
    name: "netconform:selection",
    configureVitest({ vitest }) {
      const { config } = vitest;
      const ids = config.testNamePattern?.source.split(",") ?? [];
      // vitest hands this on to every project once all of them are configured.
      if (ids.length > 0 && ids.every(isRequirementId))
        config.testNamePattern = new RegExp(titlePattern(ids));
    },
  };
}

/** Where a test stands among those of its suite. */
export type Place = "first" | "anywhere" | "last";

/** As they were written, or in the order of the seed, apart from those that have a place. */
export function inOrder<Test>(
  tests: readonly Test[],
  places: readonly Place[],
  { seed }: Selection,
  suite: string,
): readonly Test[] {
  if (seed === undefined) return tests;
  const at = (place: Place) => tests.filter((_, index) => places[index] === place);
  return [...at("first"), ...shuffled(at("anywhere"), seed, suite), ...at("last")];
}
