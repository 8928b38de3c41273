import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "#harness/core/process/process.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/schema.ts";
import { parseJson } from "#harness/core/text/json.ts";
import type { SshTarget } from "#harness/host/ssh/ssh-target.ts";
import type { NodeInterface, Role } from "./cluster.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** What a driver's `connect` must know about its installation, e.g. the address of the plugin's control socket. Plain JSON. */
export type DriverAttachment = Readonly<Record<string, string>>;

/** One host of a cluster, as far as another process must know it to connect. */
export interface HostState extends SshTarget {
  /** Version of a node's engine, e.g. `28.5.2+dfsg2`, or its beginning, e.g. `26.1`. */
  engine?: string;
  /** Flags of its dockerd that the target names. */
  flags?: readonly string[];
  /** What is somebody else's on a node's engine, for people. */
  holds?: string;
  interfaces: Record<Role, NodeInterface>;
}

/** What else must be known of the external host. */
export interface ExternalHostState {
  /** A name that leads to its management address, where the nodes' resolvers know one. */
  hostName?: string | undefined;
  httpPort: number;
}

/** Everything about a cluster that outlives a process; one JSON file per cluster, readable by its owner only. */
export interface ClusterState {
  id: string;
  /** Who made it, and knows how to remove it. */
  provider: ClusterProvider;
  /** What a later run must ask for to be given this cluster: driver, engine, size, images. */
  key: string;
  /** Address of the host engine, as `DOCKER_HOST` has it; only `containers` has one. */
  dockerHost?: string;
  driver: string;
  /** The engines as targets are named after them, e.g. `26.1`, `26.1+28.5.2[icc=false]`. */
  engine: string;
  /** The process that is using the cluster; a cluster that is not kept goes with it. */
  owner: ProcessIdentity;
  kept: boolean;
  /** A run has taken over the kept cluster; one that was killed leaves it in a state that no other run can build on. */
  inUse?: boolean;
  /** Which of the leased subnets `containers` sits on. */
  slot?: number;
  /** Workload image that every node has. */
  image: string;
  nodes: HostState[];
  external?: HostState & ExternalHostState;
  attachment?: DriverAttachment;
  /** Why no later run may build on the cluster, though it is kept. */
  unfit?: string;
  createdAt: string;
}

/** Whether the run of a cluster was killed: nobody uses it, and nobody gave it back to be kept. */
export function isAbandoned({ kept, inUse, owner }: ClusterState): boolean {
  return (!kept || inUse === true) && !isAlive(owner);
}

export class ClusterStates {
  readonly #folder: string;

  constructor(settings: Pick<Settings, "CACHE">) {
    this.#folder = join(settings.CACHE, "clusters");
  }

  path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  save(state: ClusterState): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeInOneStep(this.path(state.id), JSON.stringify(state, null, 2), { mode: 0o600 });
  }

  /** Throws `HarnessError` for a file that is no state. */
  load(id: string): ClusterState {
    const state = parseState(readFileSync(this.path(id), "utf8"));
    if (state) return state;
    throw new HarnessError(`${this.path(id)}: expected the state of a cluster, got something else`, {
      hint: "remove the file; what it was of goes by its labels with the next run",
    });
  }

  all(): ClusterState[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        return parseState(readFileSync(join(this.#folder, name), "utf8")) ?? [];
      } catch {
        return [];
      }
    });
  }

  remove(id: string): void {
    rmSync(this.path(id), { force: true });
    this.removeBaseline(id);
  }

  /** Puts down what is on the nodes of a new cluster once its driver is installed. */
  saveBaseline(id: string, baseline: Snapshot): void {
    writeInOneStep(this.#baselinePath(id), JSON.stringify(baseline), { mode: 0o600 });
  }

  /** For a cluster whose driver is installed anew. */
  removeBaseline(id: string): void {
    rmSync(this.#baselinePath(id), { force: true });
  }

  /** What was put down; `undefined` for a cluster whose driver was never installed. */
  baseline(id: string): Snapshot | undefined {
    try {
      return JSON.parse(readFileSync(this.#baselinePath(id), "utf8")) as Snapshot;
    } catch {
      return undefined;
    }
  }

  #baselinePath(id: string): string {
    return join(this.#folder, `${id}.baseline`);
  }

  /** Clusters in one host engine. */
  on(dockerHost: string): ClusterState[] {
    return this.all().filter((state) => state.dockerHost === dockerHost);
  }

  /** Clusters in one host engine whose run was killed. */
  abandoned(dockerHost: string): ClusterState[] {
    return this.on(dockerHost).filter(isAbandoned);
  }

  /** Leaves a cluster for a later run, under no owner's process. */
  keep(state: ClusterState): void {
    this.save({ ...state, kept: true, inUse: false });
  }

  /** Takes over a kept cluster that nobody uses; `undefined` when there is none. */
  claim(key: string): ClusterState | undefined {
    const free = this.all().find(
      (state) => state.kept && !state.inUse && state.key === key && !isAlive(state.owner),
    );
    if (!free) return undefined;
    const claimed = { ...free, owner: ownIdentity(), inUse: true };
    this.save(claimed);
    return claimed;
  }
}

/** What everybody relies on who looks at states of other processes, some of them of other versions. */
const stateShape = z.looseObject({
  ...{ id: z.string(), provider: z.string(), key: z.string(), owner: z.string(), kept: z.boolean() },
  nodes: z.array(z.looseObject({ name: z.string() })),
});

/** A state as text, or nothing: of a file that was damaged, nobody can tell whose it was. */
export function parseState(text: string): ClusterState | undefined {
  const json = parseJson(text);
  return json.ok && stateShape.safeParse(json.value).success ? (json.value as ClusterState) : undefined;
}
