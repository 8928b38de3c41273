import type { Candidate } from "#harness/cli/completion/candidates.ts";
import { type ClusterState, ClusterStates, type HostState } from "#harness/cluster/state.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { typed } from "#harness/core/typed.ts";

/** The nodes of a cluster, and its external host as the last one where there is one. */
export function hostsOf({ nodes, external }: ClusterState): HostState[] {
  return [...nodes, ...(external ? [external] : [])];
}

/** Clusters by their ids. */
export function clusterNames(): Candidate[] {
  const states = new ClusterStates(readSettings()).all();
  return states.map(({ id, driver, engine }) => ({ value: id, says: `${driver}@${engine}` }));
}

/** Hosts as `ssh` takes them: with their cluster where several are up. */
export function hostNames(): Candidate[] {
  const states = new ClusterStates(readSettings()).all();
  return states.flatMap((state) =>
    hostsOf(state).map(({ name }) => ({
      value: states.length > 1 ? `${state.id}/${name}` : name,
      says: `${state.driver}@${state.engine}`,
    })),
  );
}

/** The host that `node1`, or `CLUSTER-ID/node1`, means. Throws `UsageError` where that is none, or several. */
export function findHost(reference: string): HostState {
  const [name = "", id] = reference.split("/").reverse();
  const found = new ClusterStates(readSettings())
    .all()
    .filter((state) => id === undefined || state.id === id)
    .flatMap((state) => hostsOf(state).map((host) => ({ state, host })))
    .filter(({ host }) => host.name === name);
  const [first, ...more] = found;
  if (!first) throw new UsageError(`${reference}: no such host; ${typed("cluster status")} lists them`);
  if (more.length > 0) {
    const choices = found.map(({ state }) => `${state.id}/${name}`).join(", ");
    throw new UsageError(`${reference}: several clusters are up; expected one of ${choices}`);
  }
  return first.host;
}
