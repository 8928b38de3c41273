import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Moments } from "#harness/core/events.ts";
import type { Scope } from "#harness/core/scope.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

/** Where a fault is at work. */
export interface FaultContext {
  readonly cluster: Cluster;
  /** Closes with the chapter, before anything is looked for: for what must outlive a moment's own scope. */
  readonly chapter: Scope;
}

/**
 * Somebody who breaks one thing on purpose, to prove that a check can fail: the wire, or what the engine has made on a
 * node. Never the tests or what they expect.
 */
export interface Fault {
  readonly name: string;
  /** What it breaks, for people: "drops VXLAN between the nodes". */
  readonly breaks: string;
  /** Requirements that must turn red (`failed`; an `error` blames nobody and does not count). */
  readonly detectedBy: readonly RequirementId[];
  /** Requirements that may turn red as well, since they rest on the same thing. */
  readonly mayFollow?: readonly RequirementId[];
  /** Texts that the failure must name, where it must tell several things apart. */
  readonly names?: readonly string[];
  /** Runs only the tests of `detectedBy`: the cluster as a whole is unfit for the chapter's other tests. */
  readonly alone?: true;
  /** Folder of the suite to run. */
  readonly chapter: string;
  /** Driver to run it on. */
  readonly driver: string;
  /** What it does at which moment. What lasts is undone through the moment's scope or the chapter's. */
  readonly acts: {
    readonly [M in keyof Moments]?: (context: FaultContext, moment: Moments[M]) => Promise<void>;
  };
}
