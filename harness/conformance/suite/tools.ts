import type { Scope } from "#harness/core/async/scope.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import type { NotRun } from "#harness/observe/second-look/mark.ts";
import type { DockerPromise } from "#suites/requirements/applicability/docker-promise.ts";
import type { VaryingFactName } from "#suites/requirements/varying-facts.ts";

/** What every test body gets besides the suite's own context. */
export interface TestTools {
  /** From when on Docker promises what the test shows, as the catalogue has it; left out: on every engine. */
  readonly promise?: DockerPromise;
  /** Closes when the test ends; what the test makes registers its removal here. */
  readonly scope: Scope;
  /** Resolves something that several tests of the suite share, making it on first use. */
  use<T>(shared: Shared<T>): Promise<T>;
  /** Says something worth telling although the outcome stands. */
  note(text: string): void;
  /** Says that something was seen that the requirement declares in `sees`: what was never seen is never passed. */
  saw(what: string, count?: number): void;
  /** Records a measured fact, so that a change between engines shows. */
  fact(name: string, value: string | number | boolean): void;
  /** Records one that another run has differently though nothing has changed: it is told, and no change of it. */
  varyingFact(name: VaryingFactName, value: string | number | boolean): void;
  /** Keeps a file as evidence if this test fails; `always`: also where it passes. */
  keep(file: EvidenceFile, options?: { readonly always?: boolean }): void;
  /** The line by which a person shows a failure of this test by hand, and how it is run where the test fails, or why it is not. */
  reproduce(line: string, how: ByHand | NotRun): void;
}

/** Something expensive that the tests of one suite share; made once, on first use, removed with the suite. */
export interface Shared<T> {
  readonly what: string;
  readonly make: () => Promise<T>;
}
