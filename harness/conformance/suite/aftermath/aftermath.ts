import { type SnapshotDifference, withoutKnown } from "#harness/cluster/snapshot/snapshot.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import { EngineAtFault, HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { type Cause, causeOf } from "#harness/core/failure/cause.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { describeHeldResources, subtractHeld } from "./held.ts";

/** What is on the nodes beyond the baseline, and what the plugin holds. */
export interface Remains {
  readonly differences: readonly SnapshotDifference[];
  readonly held: HeldResources;
}

/** A requirement that failed, and what came to be while its test ran and was still there when everything was to be gone. */
interface Failure extends Remains {
  readonly requirement: RequirementId;
  readonly cause: Cause;
  readonly isEngines: boolean;
}

/** What follows from the failure of another requirement: the same cause, and a line that says so. */
export interface Following {
  readonly because: Cause;
  readonly evidence: string;
  /** The engine was at fault there, and so it is here. */
  readonly isEngines: boolean;
}

/** A failure that may follow from another one: then it has its cause, and charges nobody else. */
export function failureThat(
  finding: { who: string; expected: string; got: string; evidence?: string | undefined },
  following: Following | undefined,
): Nonconformance | EngineAtFault {
  const evidence = [finding.evidence, following?.evidence].filter(Boolean).join("\n") || undefined;
  const failure = new Nonconformance({ ...finding, evidence, because: following?.because });
  return following?.isEngines
    ? new EngineAtFault(failure.message, { because: following.because, cause: failure })
    : failure;
}

/**
 * What tests of one chapter left that break what plugin or engine rely on: where such a test failed, what is found at the end of the chapter
 * may be nothing but that.
 */
export class Aftermath {
  readonly #failures: Failure[] = [];

  /** To be called before the test; what it resolves to, after its failure, when everything that it made is removed. */
  async watch(
    requirement: RequirementId,
    look: () => Promise<Remains>,
  ): Promise<(failure: unknown) => Promise<void>> {
    const before = await look();
    return async (failure) => {
      const cause = causeAsTold(failure);
      if (!cause) return;
      const after = await look();
      this.#failures.push({
        requirement,
        cause,
        isEngines: failure instanceof EngineAtFault,
        differences: withoutKnown(after.differences, before.differences),
        held: subtractHeld(after.held, before.held),
      });
    };
  }

  /** Of what is left on the nodes; `undefined` where some of it does not follow. */
  ofLeft(differences: readonly SnapshotDifference[]): Following | undefined {
    return this.#following((failure) => withoutKnown(differences, failure.differences).length === 0);
  }

  /** Of what the plugin still holds. */
  ofHeld(held: HeldResources): Following | undefined {
    return this.#following((failure) => describeHeldResources(subtractHeld(held, failure.held)) === "");
  }

  #following(explains: (failure: Failure) => boolean): Following | undefined {
    const failure = this.#failures.find(explains);
    return (
      failure && {
        because: failure.cause,
        isEngines: failure.isEngines,
        evidence: `it follows from ${failure.requirement}: all of it came to be in the test that failed, and stayed when what that made was removed`,
      }
    );
  }
}

/** The cause under which reports tell a failure: what it names, else its first line. */
function causeAsTold(failure: unknown): Cause | undefined {
  const named = causeOf(failure);
  if (named) return named;
  if (!(failure instanceof Nonconformance) && !(failure instanceof HarnessError)) return undefined;
  return { kind: "same words", what: firstLineOf(failure.message) };
}
