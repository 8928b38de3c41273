import type Docker from "dockerode";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

declare module "#harness/core/async/events.ts" {
  interface Moments {
    /** This process speaks to the cluster and to the driver on it; once for each cluster. */
    "cluster connected": { cluster: Cluster };
    /** The chapter's context on the cluster that it judges is open; `scope` closes with the chapter. */
    "chapter begins": { chapter: string; cluster: Cluster; scope: Scope };
    /** A test of the requirement is about to run; `scope` closes with the test. */
    "requirement begins": { requirement: RequirementId; scope: Scope };
    /** A test of the requirement has failed or ended in an error; what it made is still there, and its evidence is taken. */
    "requirement failed": { requirement: RequirementId; reason: string };
    /** Everything is about to be removed and looked for; `scope` closes after it was looked for. */
    "chapter ends": { chapter: string; scope: Scope };
    /** The driver under test was installed over another one of the same plugin, on a cluster of its own; `scope` closes before that goes. */
    "plugin upgraded": { nodes: readonly ClusterNode[]; scope: Scope };
    /** A cluster was removed from the host engine, and is about to be looked for. */
    "cluster removed": { id: string; docker: Docker };
  }
}
