import type { Statement } from "#reports/conformance/schema.ts";
import { sha256 } from "#reports/seal/canonical.ts";
import { isProtocolSuite } from "#reports/target.ts";
import { isRequirementId, type RequirementId } from "#suites/requirements/catalogue.ts";

/** A requirement that passed on a target, with the test files that showed it. */
export interface Drawn {
  readonly target: string;
  readonly requirement: RequirementId;
  readonly files: readonly string[];
}

/** These judge a chapter as a whole: by themselves they show nothing. */
const ofWholeChapter: readonly string[] = ["S5", "C1", "R1"];

/**
 * So many of the requirements that passed on a cluster, drawn by the hash of the statement's text: who writes it cannot choose them,
 * and everybody draws the same ones.
 */
export function drawRequirements(text: string, { targets }: Statement, count: number): Drawn[] {
  const seed = sha256(text);
  return targets
    .filter(({ engine }) => !isProtocolSuite(engine))
    .flatMap(({ name, results }) =>
      results.flatMap(({ requirement, outcome, tests }) =>
        outcome === "passed" && !ofWholeChapter.includes(requirement) && isRequirementId(requirement)
          ? [{ target: name, requirement, files: filesOfPassed(tests) }]
          : [],
      ),
    )
    .map((drawn) => ({ drawn, place: sha256(`${seed} ${drawn.target} ${drawn.requirement}`) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1))
    .slice(0, count)
    .map(({ drawn }) => drawn);
}

function filesOfPassed(tests: Statement["targets"][number]["results"][number]["tests"]): string[] {
  return [...new Set(tests.filter(({ outcome }) => outcome === "passed").map(({ file }) => file))];
}
