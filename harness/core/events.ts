import type Docker from "dockerode";
import type { Network } from "#drivers/driver.ts";
import type { Workload } from "#harness/workload/workload.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { Scope } from "./scope.ts";

/** Moments of a run at which something else may want to act: faults do. */
export interface Moments {
  /** The chapter's context is open; `scope` closes with the chapter. */
  "chapter begins": { chapter: string; scope: Scope };
  /** A test of the requirement is about to run; `scope` closes with the test. */
  "requirement begins": { requirement: RequirementId; scope: Scope };
  /** A network exists on the engines. */
  "network created": { network: Network; scope: Scope };
  /** A workload runs and has its interfaces. */
  "workload started": { workload: Workload; network: string; scope: Scope };
  /** A running workload joined one more network; `workload` is what it is there. */
  "workload connected": { workload: Workload; network: string; scope: Scope };
  /** A running workload left a network. */
  "workload disconnected": { workload: Workload; network: string };
  /** All tasks of a swarm service run. */
  "service created": { service: string; workloads: readonly Workload[]; network: string; scope: Scope };
  /** Everything is about to be removed and looked for; `scope` closes after it was looked for. */
  "chapter ends": { chapter: string; scope: Scope };
  /** A cluster was removed from the host engine, and is about to be looked for. */
  "cluster removed": { id: string; docker: Docker };
}

type Listener<M extends keyof Moments> = (moment: Moments[M]) => Promise<void>;

const listeners: { [M in keyof Moments]: Listener<M>[] } = {
  "chapter begins": [],
  "requirement begins": [],
  "network created": [],
  "workload started": [],
  "workload connected": [],
  "workload disconnected": [],
  "service created": [],
  "chapter ends": [],
  "cluster removed": [],
};

/** The names of all moments. */
export const moments = Object.keys(listeners) as (keyof Moments)[];

/** Calls `listener` at every such moment from now on; `announce` waits for it. */
export function on<M extends keyof Moments>(moment: M, listener: Listener<M>): void {
  listeners[moment].push(listener);
}

/** Tells all listeners, one after the other. */
export async function announce<M extends keyof Moments>(moment: M, details: Moments[M]): Promise<void> {
  for (const listener of listeners[moment]) await listener(details);
}
