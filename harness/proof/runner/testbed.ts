import type { CaseRun, FaultCase } from "#harness/proof/case.ts";

/** Where cases run, one batch after the other: a cluster with a driver, or this machine for a protocol suite. */
export interface CaseTestbed {
  /** Brings it up. Called once, before anything else. */
  open(): Promise<void>;
  /**
   * Which of these cases it runs next, all at once; none of them is for it when it chooses none. Asking changes nothing.
   */
  choose(cases: readonly FaultCase[]): readonly FaultCase[];
  /** Runs a batch that it has chosen, and resolves to what each case showed, in their order. */
  run(batch: readonly FaultCase[]): Promise<readonly CaseRun[]>;
  /** What the batch has left on it, in words; empty when it is as it was before. */
  leftovers(): Promise<string>;
  /** Brings up a new one in place of one that is not as it was. */
  replace(): Promise<void>;
  /** Ends what runs, and removes what was brought up. */
  close(): Promise<void>;
}
