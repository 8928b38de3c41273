import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Moments } from "#harness/events.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

/** Somebody who breaks one thing on purpose, to prove that a check can fail. */
export interface Saboteur {
  readonly name: string;
  /** What it breaks, for people: "drops VXLAN between the nodes". */
  readonly breaks: string;
  /** Requirements that must turn red (`failed`). */
  readonly kills: readonly RequirementId[];
  /** Requirements that may turn red as well, since they rest on the same thing. */
  readonly mayFollow?: readonly RequirementId[];
  /** Folder of the suite to run. */
  readonly chapter: string;
  /** Driver to run it on. */
  readonly driver: string;
  /** What it does at which moment. What lasts is undone through the moment's scope. */
  readonly acts: {
    readonly [M in keyof Moments]?: (cluster: Cluster, moment: Moments[M]) => Promise<void>;
  };
}
