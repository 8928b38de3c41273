import {
  type Attempt,
  bringUp,
  everyHostAnswers,
  fingerprint,
  type Material,
  type StartedHosts,
  type Strategy,
} from "#harness/cluster/bring-up.ts";
import type { ClusterNode, ExternalHost } from "#harness/cluster/cluster.ts";
import { leaseSubnets, releaseSubnets } from "#harness/cluster/containers/subnets.ts";
import { engineOfNode, type TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import {
  externalHostName,
  externalHttpPort,
  startExternalHost,
} from "#harness/cluster/external/external-host.ts";
import { findInterfaces } from "#harness/cluster/hosts/interfaces.ts";
import type { HostsSettings } from "#harness/cluster/hosts/lifecycle.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import { ensurePulled } from "#harness/cluster/images/pull.ts";
import {
  importWorkload,
  type WorkloadImage,
  workloadArchive,
} from "#harness/cluster/images/workload-image.ts";
import type { BringUpOptions, OwnedCluster, Provider } from "#harness/cluster/provider.ts";
import { type ClusterState, ClusterStates, type HostState } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, type Tool } from "#harness/host/setup/install.ts";
import { scanHostKey } from "#harness/host/ssh/ssh-dial.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { type Backend, type BackendSettings, openBackend } from "./backends.ts";
import { MachineRecords, type Machines, plannedAddresses } from "./machines.ts";
import type { SshAccess } from "./ssh-config.ts";
import { Vagrant } from "./vagrant.ts";

/** What clusters of virtual machines take of the settings. */
export type VagrantSettings = BackendSettings &
  HostsSettings &
  Pick<Settings, "NODES" | "SUBNETS" | "VAGRANT_PROVIDER">;

const answerMs = 30_000;
const externalMachine = "tutorial-external";

const vagrantTool: Tool = { program: "vagrant", packages: ["vagrant"] };

interface VagrantMaterial extends Material {
  /** The built-in workload image. */
  readonly workload: WorkloadImage;
}

/** Machines of `vagrant/Vagrantfile`. Throws `UsageError` where Vagrant, or what its provider needs, is missing. */
export async function openVagrant(settings: VagrantSettings, progress: Progress): Promise<Provider> {
  await installMissing(new LocalHost(), progress, [vagrantTool], "CLUSTER=vagrant");
  return new VagrantProvider(
    settings,
    progress,
    await openBackend(settings, progress, settings.VAGRANT_PROVIDER),
  );
}

class VagrantProvider implements Provider {
  readonly name = "vagrant";
  readonly removesNodes = true;
  readonly #settings: VagrantSettings;
  readonly #progress: Progress;
  readonly #backend: Backend;
  readonly #states: ClusterStates;
  readonly #records: MachineRecords;
  readonly #discards = new Map<string, Promise<void>>();

  constructor(settings: VagrantSettings, progress: Progress, backend: Backend) {
    this.#settings = settings;
    this.#progress = progress;
    this.#backend = backend;
    this.#states = new ClusterStates(settings);
    this.#records = new MachineRecords(settings);
  }

  bringUp(driver: string, engine: TargetEngine, options: BringUpOptions = {}): Promise<OwnedCluster> {
    return bringUp(this.#strategy(driver, engine), { driver, engine, ...options });
  }

  #strategy(driver: string, engine: TargetEngine): Strategy<VagrantMaterial> {
    const { NODES, VAGRANT_PROVIDER, IMAGE } = this.#settings;
    return {
      ...{ provider: this.name, states: this.#states, progress: this.#progress },
      sweep: () => this.sweep(),
      material: async () => {
        const workload = await workloadArchive(this.#settings, this.#progress);
        const image = IMAGE ?? workload.image;
        const machines = await this.#backend.material(engine);
        const parts = [
          "vagrant",
          VAGRANT_PROVIDER ?? "",
          driver,
          engine.name,
          String(NODES),
          machines,
          image,
        ];
        return { key: fingerprint(parts), image, workload };
      },
      takeover: { answerMs, answers: everyHostAnswers, tearDown: (state) => this.tearDown(state) },
      begin: (id, { workload }) => this.#begin(id, { driver, engine, workload }),
    };
  }

  async #begin(
    id: string,
    { driver, engine, workload }: { driver: string; engine: TargetEngine; workload: WorkloadImage },
  ): Promise<Attempt> {
    const { NODES: nodes, VAGRANT_PROVIDER: provider, SUBNETS, IMAGE } = this.#settings;
    const lease = await leaseSubnets(SUBNETS, id);
    const machines = this.#records.create({ id, engine, nodes, lease, provider }, {});
    const vagrant = new Vagrant(machines.env);
    return {
      start: async () => {
        Object.assign(machines.env, await this.#backend.prepare(id, engine, lease));
        this.#records.save(machines);
        await this.#up(
          vagrant,
          machines,
          `vagrant up: ${nodes} nodes with Docker ${engine.name} for ${driver}`,
        );
        const hosts = await this.#progress.step("looking at the machines", async () =>
          Promise.all((await vagrant.access()).map((access) => this.#describe(machines, access))),
        );
        return { ...placed(hosts), slot: lease.slot };
      },
      interrupt: () => vagrant.abort(),
      preparing: "waiting for the nodes",
      prepareExternal: startExternalHost,
      async prepareNode(node, { external, nodes }) {
        const { flags = [] } = engineOfNode(engine, nodes.indexOf(node as (typeof nodes)[number])) ?? {};
        await startWithFlags(node, flags);
        await until({ what: `the engine on ${node.name} to answer`, deadlineMs: 120_000 }, () =>
          node.docker.ping(),
        );
        // Before the external host becomes the egress, which leads to no registry.
        if (IMAGE !== undefined) await ensurePulled(node.docker, IMAGE, "each of the machines");
        else await importWorkload(node.docker, workload);
        await routeThroughExternalHost(node, external);
      },
      discard: () => this.#discard(machines),
    };
  }

  async #up(vagrant: Vagrant, { id, provider }: Machines, what: string): Promise<void> {
    const { provision, reset, processorTime } = this.#backend;
    await this.#progress.step(
      what,
      (detail) =>
        vagrant.up({
          provider,
          provision,
          detail,
          reset: reset && ((machine) => reset(id, machine)),
          processorTime: processorTime && ((machine) => processorTime(id, machine)),
        }),
      { announce: true },
    );
  }

  async keep(state: ClusterState): Promise<void> {
    this.#states.keep(state);
  }

  async tearDown(state: ClusterState): Promise<void> {
    const machines = this.#records.find(state.id);
    if (machines) await this.#discard(machines);
    else this.#states.remove(state.id);
  }

  async sweep(): Promise<void> {
    const abandoned = this.#records.abandoned(this.#states.all());
    if (abandoned.length === 0) return;
    await this.#progress.step("removing what an interrupted run left behind", async () => {
      for (const machines of abandoned) await this.#discard(machines);
    });
  }

  states(): ClusterState[] {
    return this.#states.all().filter(({ provider }) => provider === "vagrant");
  }

  async release({ keep = false } = {}): Promise<void> {
    await this.#backend.release({ keep, idle: this.#records.all().length === 0 });
  }

  /** Recognises the machine from now on by the key that it shows now, and makes root's the key that Vagrant's user has. */
  async #describe(machines: Machines, access: SshAccess): Promise<HostState> {
    const { machine, address, port, user, keyFile } = access;
    const common = { name: machine, address, port, keyFile };
    const hostKeys = [await scanHostKey({ ...common, user })];
    if (user !== "root") await admitRoot(new SshHost({ ...common, user, hostKeys, sudo: true }), user);
    const target = { ...common, user: "root", hostKeys };
    const { control, data } = plannedAddresses(this.#settings.SUBNETS, machines, machine);
    const host = new SshHost(target);
    try {
      const interfaces = await findInterfaces(host, {
        address,
        interfaces: { control: { address: control }, data: { address: data } },
      });
      return { ...target, interfaces };
    } finally {
      await host.disconnect();
    }
  }

  /** A second caller, such as an interruption and the failure that it causes, waits for what was begun. */
  #discard(machines: Machines): Promise<void> {
    const begun = this.#discards.get(machines.id) ?? this.#remove(machines);
    this.#discards.set(machines.id, begun);
    return begun;
  }

  async #remove(machines: Machines): Promise<void> {
    // Machines of another provider than this run's need that one.
    const same = machines.provider === this.#settings.VAGRANT_PROVIDER;
    const backend = same
      ? this.#backend
      : await openBackend(this.#settings, this.#progress, machines.provider);
    const vagrant = new Vagrant(machines.env);
    await vagrant.endOrphans();
    await vagrant.destroy().catch((error: Error) => {
      // Where nothing else removes them, the record must stay for the next attempt.
      if (!backend.removeRest) throw error;
      this.#progress.say(error.message);
    });
    await backend.removeRest?.(machines);
    releaseSubnets(this.#settings.SUBNETS, machines.slot, machines.id);
    this.#states.remove(machines.id);
    this.#records.remove(machines.id);
    if (!same) await backend.release({ keep: false, idle: this.#records.all().length === 0 });
  }
}

async function admitRoot(host: SshHost, user: string): Promise<void> {
  try {
    await host.run([
      ...["sh", "-c"],
      'install -d -m 0700 /root/.ssh && install -m 0600 "$(getent passwd "$1" | cut -d: -f6)/.ssh/authorized_keys" /root/.ssh/',
      ...["sh", user],
    ]);
  } finally {
    await host.disconnect();
  }
}

/** Has the engine of a machine, which is a service there, started with further flags. */
async function startWithFlags(node: ClusterNode, flags: readonly string[]): Promise<void> {
  if (flags.length === 0) return;
  const given = flags.map((flag) => `--${flag}`).join(" ");
  await node.files.write("/etc/default/netconform-engine", `DOCKERD_FLAGS="${given}"\n`);
  await node.run([nodeEngineCommand, "restart"]);
}

function placed(hosts: HostState[]): StartedHosts {
  const shared = new Set(hosts.map(({ interfaces }) => interfaces.management.address)).size < hosts.length;
  // Behind VirtualBox's NAT every machine has the same address; the way between them is the control network.
  const reachable = hosts.map((host) =>
    shared ? { ...host, interfaces: { ...host.interfaces, management: host.interfaces.control } } : host,
  );
  const external = reachable.find(({ name }) => name === externalMachine);
  if (!external)
    throw new HarnessError(`vagrant ssh-config: expected ${externalMachine} among the machines, got none`);
  return {
    nodes: reachable.filter((host) => host !== external),
    external: { ...external, hostName: externalHostName, httpPort: externalHttpPort },
  };
}

/** The external host becomes the node's egress and its resolver. */
async function routeThroughExternalHost(node: ClusterNode, external: ExternalHost): Promise<void> {
  const { address } = external.interfaces.management;
  await node.run(["ip", "route", "replace", "default", "via", address]);
  // A container node's file is a mount, which cannot be replaced.
  const script = 'test ! -L /etc/resolv.conf || rm /etc/resolv.conf; echo "nameserver $1" >/etc/resolv.conf';
  await node.run(["sh", "-c", script, "sh", address]);
}
