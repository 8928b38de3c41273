import type { SnapshotDifference } from "#harness/cluster/snapshot/snapshot.ts";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { Clock } from "#harness/host/clock.ts";
import type { EvidenceFile, NodeEvidence } from "#harness/observe/evidence.ts";

/** A host that a test may have used. */
export interface SeenHost {
  readonly name: string;
  /** Beside the nodes, outside of the cluster. */
  readonly isExternal: boolean;
  /** `undefined` where it could not be told. */
  readonly clock: Clock | undefined;
}

/** What is taken after a failure, before anything is torn down. What a suite has nothing of is absent. */
export interface Collected {
  readonly files: readonly EvidenceFile[];
  readonly nodes?: readonly NodeEvidence[];
  readonly hosts?: readonly SeenHost[];
  /** Between engines and plugin since the test began. */
  readonly exchanges?: readonly Exchange[];
  /** What is on the nodes now and was not there when the chapter began, and the other way round. */
  readonly changes?: readonly SnapshotDifference[];
}
