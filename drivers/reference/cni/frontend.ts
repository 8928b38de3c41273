import type { Fabric } from "#drivers/reference/dataplane/fabric.ts";
import { listDevices } from "#drivers/reference/dataplane/links.ts";
import { egressDevices, innerDevice, outerDevice } from "#drivers/reference/dataplane/plan/devices.ts";
import { attachmentId, egressPool, type NetworkPlace } from "#drivers/reference/model/attachments.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import type { AttachmentState } from "#drivers/reference/model/state/state.ts";
import { messageOf } from "#harness/core/errors.ts";
import { bareAddress } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { parseLinks } from "#harness/workload/links.ts";
import type { Link } from "#harness/workload/workload.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import type { Egress, EgressLink } from "./egress.ts";
import { CniFailure, codes } from "./protocol/failure.ts";
import {
  type CniCall,
  type Command,
  type Configuration,
  readCommand,
  readConfiguration,
  readContainer,
  readJson,
  readVersion,
  withArguments,
} from "./protocol/request.ts";
import { type MadeAttachment, resultOf } from "./protocol/result.ts";
import { type InnerLink, Sandbox } from "./sandbox.ts";

/** What the plugin's executable prints and ends with. */
export interface CniAnswer {
  readonly code: number;
  readonly stdout: string;
}

/** What the frontend of one node works on. */
export interface CniContext {
  readonly node: string;
  readonly host: Host;
  readonly model: Model;
  readonly fabric: Fabric;
  readonly egress: Egress;
}

/** A call that has been read. */
interface Order {
  readonly version: SpecVersion;
  readonly containerId: string;
  readonly netns: string;
  readonly ifName: string;
  readonly config: Configuration;
}

type Work = (order: Order) => Promise<object | undefined>;

/** The plugin as runtimes on one node see it: CNI 0.3.1 to 1.1.0 over the model and the dataplane of all nodes. */
export class CniFrontend {
  readonly #context: CniContext;
  readonly #commands: Readonly<Record<Exclude<Command, "VERSION">, Work>>;

  constructor(context: CniContext) {
    this.#context = context;
    this.#commands = {
      ADD: (order) => this.#add(order),
      DEL: (order) => this.#del(order),
      CHECK: (order) => this.#check(order),
      GC: (order) => this.#gc(order),
      STATUS: (order) => this.#status(order),
    };
  }

  /** Does what a call asks for. Never rejects: what goes wrong is an answer. */
  async answer(call: CniCall): Promise<CniAnswer> {
    let cniVersion: unknown;
    try {
      const command = readCommand(call);
      const json = readJson(call);
      cniVersion = json.cniVersion;
      if (command === "VERSION") {
        const asked = typeof cniVersion === "string" ? cniVersion : specVersions.at(-1);
        return success({ cniVersion: asked, supportedVersions: [...specVersions] });
      }
      const version = readVersion(json, command);
      const container = readContainer(call, command);
      const config = withArguments(readConfiguration(json), call);
      return success(await this.#commands[command]({ version, ...container, config }));
    } catch (error) {
      const { code, message, details } = asFailure(error);
      const said = { cniVersion: cniVersion ?? specVersions.at(-1), code, msg: message, details };
      return { code: 1, stdout: JSON.stringify(said) };
    }
  }

  async #add(order: Order): Promise<object> {
    const { node, model, fabric, egress, host } = this.#context;
    const { version, containerId, netns, ifName, config } = order;
    const sandbox = new Sandbox(host, netns);
    const links = await sandbox.links();
    if (!links)
      throw new CniFailure(codes.invalidEnvironment, `CNI_NETNS ${netns} is no network namespace of ${node}`);
    if (links.some(({ name }) => name === ifName)) {
      throw new CniFailure(codes.invalidEnvironment, `CNI_IFNAME ${ifName} is taken in ${netns}`);
    }
    const { portMappings, ips, mac, aliases } = config.runtimeConfig ?? {};
    const wanted = (ips ?? []).map(bareAddress);
    const attachment = model.change(({ attachments }) =>
      attachments.add({
        ...{ node, containerId, ifName, netns, network: config.name },
        place: placeOf(config),
        group: config.group,
        ipv4: wanted.find((address) => !address.includes(":")),
        ipv6: wanted.find((address) => address.includes(":")),
        ...(mac ? { mac } : {}),
        names: aliases ?? [],
        ...(config.ipMasq || portMappings?.length ? { egress: { ports: portMappings ?? [] } } : {}),
      }),
    );
    try {
      await fabric.sync(node);
      const out = egressOf(attachment);
      if (out) await egress.attach(out);
      await sandbox.take(this.#innerLinks(attachment));
      return resultOf(version, await this.#made(attachment, sandbox), config.prevResult ?? undefined);
    } catch (error) {
      await this.#remove(attachment.id).catch(() => {});
      throw error;
    }
  }

  async #del({ containerId, ifName, config }: Order): Promise<undefined> {
    const { node, model } = this.#context;
    const id = attachmentId({ node, containerId, ifName });
    // Another network's attachment of that name is not this configuration's to remove.
    if (model.state.attachments[id]?.network === config.name) await this.#remove(id);
  }

  async #check({ containerId, ifName, netns, config }: Order): Promise<undefined> {
    const { node, host, model, egress } = this.#context;
    const { prevResult } = config;
    if (!prevResult) throw new CniFailure(codes.invalidConfiguration, "CHECK needs prevResult");
    const broken = (what: string) => new CniFailure(codes.broken, `${containerId} on ${node}: ${what}`);
    const attachment = model.state.attachments[attachmentId({ node, containerId, ifName })];
    if (attachment?.network !== config.name)
      throw broken(`it has no address in ${config.name} for ${ifName}`);
    const outer = outerDevice(attachment.endpoint);
    if (!(await listDevices(host)).includes(outer)) throw broken(`${outer} is missing on the node`);
    const sandbox = new Sandbox(host, netns);
    const links = (await sandbox.links()) ?? [];
    for (const { name, addresses, routes } of this.#innerLinks(attachment)) {
      const link = links.find((one) => one.name === name);
      if (!link) throw broken(`the interface ${name} is missing`);
      const told = prevResult.interfaces?.find((one) => one.name === name && one.sandbox);
      if (!told) throw broken(`prevResult does not have ${name}`);
      for (const address of addresses) {
        if (!link.addresses.includes(address)) throw broken(`${address} is missing on ${name}`);
        if (!prevResult.ips?.some((ip) => ip.address === address))
          throw broken(`prevResult does not have ${address}`);
      }
      const present = await sandbox.routes(name);
      const lost = routes.find(({ dst }) => !present.includes(dst));
      if (lost) throw broken(`the route to ${lost.dst} is missing on ${name}`);
    }
    const out = egressOf(attachment);
    const missing = out ? await egress.missing(out) : "";
    if (missing !== "") throw broken(`${missing} is missing on the node`);
  }

  async #gc({ config }: Order): Promise<undefined> {
    const { node, model } = this.#context;
    const valid = config["cni.dev/valid-attachments"] ?? config["cni.dev/attachments"];
    if (!valid) throw new CniFailure(codes.invalidConfiguration, "GC needs cni.dev/valid-attachments");
    const kept = valid.map(({ containerID, ifname }) =>
      attachmentId({ node, containerId: containerID, ifName: ifname }),
    );
    const known = model.rehearse(({ attachments }) => attachments.of(node, config.name));
    const ends = await Promise.allSettled(
      known.filter((id) => !kept.includes(id)).map((id) => this.#remove(id)),
    );
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Tries what ADD would do with the model, and leaves everything as it is. */
  async #status({ config }: Order): Promise<undefined> {
    const { node, model, fabric } = this.#context;
    await fabric.sync(node);
    try {
      model.rehearse(({ attachments }) =>
        attachments.add({
          ...{ node, containerId: "status of", ifName: config.name, netns: "", network: config.name },
          ...{ place: placeOf(config), group: config.group, names: [] },
          ...(config.ipMasq ? { egress: { ports: [] } } : {}),
        }),
      );
    } catch (error) {
      throw new CniFailure(codes.unavailable, asFailure(error).message);
    }
  }

  async #remove(id: string): Promise<void> {
    const { node, model, fabric, egress } = this.#context;
    const attachment = model.state.attachments[id];
    if (!attachment) return;
    const out = egressOf(attachment);
    if (out) await egress.detach(out);
    model.change(({ attachments }) => attachments.remove(id));
    await fabric.sync(node);
  }

  /** What the container needs. */
  #innerLinks({ endpoint, ifName, egress }: AttachmentState): InnerLink[] {
    const { endpoints, networks } = this.#context.model.state;
    const { ipv4, ipv6, network } = endpoints[endpoint]!;
    const { resolver } = networks[network]!;
    return [
      {
        device: innerDevice(endpoint),
        name: ifName,
        addresses: [ipv4, ...(ipv6 ? [ipv6] : [])],
        routes: [{ dst: `${resolver}/32` }],
      },
      ...(egress
        ? [
            {
              device: egressDevices(endpoint).inner,
              name: egressName(ifName),
              addresses: [egress.address],
              routes: [{ dst: "0.0.0.0/0", gw: egressPool.gateway }],
            },
          ]
        : []),
    ];
  }

  /** What is there now, as the node and the namespace tell it. */
  async #made(attachment: AttachmentState, sandbox: Sandbox): Promise<MadeAttachment> {
    const { host, model } = this.#context;
    const wanted = this.#innerLinks(attachment);
    const inside = (await sandbox.links()) ?? [];
    const macOf = (links: readonly { name: string; mac: string }[], name: string) =>
      links.find((link) => link.name === name)?.mac ?? "";
    const out = egressOf(attachment);
    const onNode = await nodeLinks(host, [outerDevice(attachment.endpoint), ...(out ? [out.device] : [])]);
    const { network } = model.state.endpoints[attachment.endpoint]!;
    return {
      interfaces: [
        ...wanted.map(({ name }) => ({ name, mac: macOf(inside, name), sandbox: attachment.netns })),
        ...onNode,
      ],
      ips: wanted.flatMap(({ addresses, routes }, index) => {
        const gateway = routes.find(({ gw }) => gw)?.gw;
        return addresses.map((address) => ({
          ...{ address, interface: index },
          ...(gateway ? { gateway } : {}),
        }));
      }),
      routes: wanted.flatMap(({ routes }) => routes),
      nameservers: [model.state.networks[network]!.resolver],
    };
  }
}

/** Interfaces of the node with their MACs, and the bridges that they are ports of. */
async function nodeLinks(host: Host, names: readonly string[]): Promise<{ name: string; mac: string }[]> {
  const found = await linksOf(host, names);
  const masters = new Set(found.flatMap(({ master }) => (master ? [master] : [])));
  return [...found, ...(await linksOf(host, [...masters]))].map(({ name, mac }) => ({ name, mac }));
}

/** Those that are there. Not of all that the node has: there may be hundreds. */
async function linksOf(host: Host, names: readonly string[]): Promise<Link[]> {
  if (names.length === 0) return [];
  const script = 'for name; do ip -json -details link show dev "$name" 2>/dev/null; done; true';
  const listed = await host.run(["sh", "-c", script, "sh", ...names]);
  return listed.split("\n").filter(Boolean).flatMap(parseLinks);
}

function placeOf({ name, network = name, tenant, subnet, gateway, subnet6, encap, tag }: Configuration) {
  return { tenant, name: network, subnet, gateway, subnet6, encap, tag } satisfies NetworkPlace;
}

function egressOf({ endpoint, egress }: AttachmentState): EgressLink | undefined {
  return egress && { ...egressDevices(endpoint), ...egress };
}

/** Interface names have 15 characters at most. */
function egressName(ifName: string): string {
  return `${ifName.slice(0, 11)}-out`;
}

function success(result: object | undefined): CniAnswer {
  return { code: 0, stdout: result ? JSON.stringify(result) : "" };
}

function asFailure(error: unknown): CniFailure {
  if (error instanceof CniFailure) return error;
  const message = messageOf(error);
  return new CniFailure(error instanceof Refusal ? codes.refused : codes.node, message);
}
