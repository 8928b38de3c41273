import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { prefixesOf, type SubnetLease } from "#harness/cluster/containers/subnets.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { type ClusterState, isAbandoned } from "#harness/cluster/state.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "#harness/core/process/process.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { parseJson } from "#harness/core/text/json.ts";

/** The Vagrantfile's folder. */
const vagrantFolder = join(projectRoot, "vagrant");

/** Of which the Vagrantfile knows boxes, for machines of a box or image that is named. */
const defaultEngine = "26.1";

/** A set of machines of one cluster, as far as another process must know it to destroy them. */
export interface Machines {
  id: string;
  /** As given to Vagrant; `undefined` leaves the choice to it. */
  provider: string | undefined;
  slot: number;
  /** The process that made them. */
  owner: ProcessIdentity;
  /** Environment of every `vagrant` command on them. */
  env: Record<string, string>;
}

const machinesShape = z.looseObject({
  ...{ id: z.string(), slot: z.number(), owner: z.string(), env: z.record(z.string(), z.string()) },
});

/** Written before anything is made, so that a run that is killed at any moment leaves something to go by. */
export class MachineRecords {
  readonly #folder: string;

  constructor(settings: Pick<Settings, "CACHE">) {
    this.#folder = join(settings.CACHE, "vagrant", "clusters");
  }

  /** Describes machines that are about to be made. `further`: what the provider needs beside the common part. */
  create(
    plan: {
      id: string;
      engine: TargetEngine;
      nodes: number;
      lease: SubnetLease;
      provider: string | undefined;
    },
    further: Readonly<Record<string, string>>,
  ): Machines {
    const { id, engine, nodes, lease, provider } = plan;
    const machines: Machines = {
      id,
      provider,
      slot: lease.slot,
      owner: ownIdentity(),
      env: {
        VAGRANT_CWD: vagrantFolder,
        VAGRANT_DOTFILE_PATH: join(this.#folder, id, "machines"),
        VAGRANT_CHECKPOINT_DISABLE: "1",
        VAGRANT_NO_COLOR: "1",
        NODES: String(nodes),
        EXTERNAL: "1",
        ENGINE: engine.nodes
          .map(({ source }) => (source.kind === "known" ? source.version : defaultEngine))
          .join("+"),
        CLUSTER_NAME: id,
        MANAGEMENT: lease.prefixes.management,
        CONTROL: lease.prefixes.control,
        DATA: lease.prefixes.data,
        ...further,
      },
    };
    this.save(machines);
    return machines;
  }

  save(machines: Machines): void {
    mkdirSync(join(this.#folder, machines.id), { recursive: true, mode: 0o700 });
    // What is saved again must stay readable: by it alone the machines are found.
    writeInOneStep(join(this.#folder, machines.id, "machines.json"), JSON.stringify(machines, null, 2), {
      mode: 0o600,
    });
  }

  all(): Machines[] {
    let ids: string[];
    try {
      ids = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return ids.flatMap((id) => {
      try {
        const json = parseJson(readFileSync(join(this.#folder, id, "machines.json"), "utf8"));
        return json.ok && machinesShape.safeParse(json.value).success ? [json.value as Machines] : [];
      } catch {
        return [];
      }
    });
  }

  find(id: string): Machines | undefined {
    return this.all().find((machines) => machines.id === id);
  }

  /** Machines of runs that were killed: nobody uses them, and no kept cluster is made of them. */
  abandoned(states: readonly ClusterState[]): Machines[] {
    return this.all().filter(({ id, owner }) => {
      const state = states.find((one) => one.id === id);
      return state ? isAbandoned(state) : !isAlive(owner);
    });
  }

  remove(id: string): void {
    rmSync(join(this.#folder, id), { recursive: true, force: true });
  }
}

/** The addresses that the Vagrantfile gives to a machine, beside that on the management network. */
export function plannedAddresses(
  range: string,
  { slot }: Machines,
  machine: string,
): { control: string; data: string } {
  const { control, data } = prefixesOf(range, slot);
  const number = /(\d+)$/.exec(machine)?.[1];
  const last = number === undefined ? 2 : 9 + Number(number);
  return { control: `${control}.${last}`, data: `${data}.${last}` };
}
