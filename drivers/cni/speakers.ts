import type { BgpSession, BgpSpec } from "#drivers/driver.ts";
import { sessionName, speakerConfig } from "#drivers/kit/nodes/speaker-config.ts";
import { switchIpv6On } from "#harness/cluster/ipv6.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { familyOf } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { Bird } from "#harness/observe/bgp/bird.ts";
import type { NodeValues } from "./node-values.ts";

/** The BIRD of a node, which may not run. */
export function speakerOf(node: Host): Bird {
  return new Bird(node, { name: "cni" });
}

interface Speaker {
  readonly bird: Bird;
  readonly spec: BgpSpec;
  /** What was last asked of it; done in turn. */
  last: Promise<void>;
}

/**
 * The BGP speakers of the nodes: a BIRD on each, which announces the kernel's routes to single addresses of announced networks. What a
 * speaker is told of networks is known to this process alone.
 */
export class Speakers {
  readonly #speakers = new Set<Speaker>();
  /** CIDRs. */
  readonly #announced = new Set<string>();

  /** Gives a node its addresses on the data interface and has it speak to its routers until `scope` closes. */
  async speak(scope: Scope, spec: BgpSpec): Promise<void> {
    const { node, addresses } = spec;
    const { device } = node.interfaces.data;
    if (addresses.some((address) => familyOf(address) === 6)) await switchIpv6On(scope, node, device);
    for (const address of addresses) {
      const assigned = [address, "dev", device];
      // An address that is still looked for on the wire could not be used.
      const nodad = familyOf(address) === 6 ? ["nodad"] : [];
      await withUndo(
        scope,
        node,
        ["ip", "address", "add", ...assigned, ...nodad],
        ["ip", "address", "del", ...assigned],
      );
    }
    const speaker: Speaker = { bird: speakerOf(node), spec, last: Promise.resolve() };
    scope.defer(`BGP on ${node.name}`, async () => {
      this.#speakers.delete(speaker);
      await speaker.last.catch(() => {});
      await speaker.bird.stop();
    });
    this.#speakers.add(speaker);
    await this.#tell(speaker);
  }

  /** Has every speaker announce what is attached to a network, given by its values on the nodes, until `scope` closes. */
  async announce(scope: Scope, [values]: readonly NodeValues[]): Promise<void> {
    if (!values) return;
    const subnets = [values.subnet, ...(values.ipv6 ? [values.ipv6.subnet] : [])];
    scope.defer(`the announcement of ${values.name}`, async () => {
      for (const subnet of subnets) this.#announced.delete(subnet);
      await this.#tellAll();
    });
    for (const subnet of subnets) this.#announced.add(subnet);
    await this.#tellAll();
  }

  /** Every session of every speaker. */
  async sessions(): Promise<BgpSession[]> {
    const listed = await Promise.all(
      [...this.#speakers].map(async ({ bird, spec: { node, neighbors } }) => {
        const states = new Map((await bird.sessions()).map(({ protocol, state }) => [protocol, state]));
        return neighbors.map(({ address, as }, index): BgpSession => {
          const state = states.get(sessionName(index)) ?? "not configured";
          return { node: node.name, neighbor: address, as, state, established: state === "Established" };
        });
      }),
    );
    return listed.flat();
  }

  async #tellAll(): Promise<void> {
    await Promise.all([...this.#speakers].map((speaker) => this.#tell(speaker)));
  }

  #tell(speaker: Speaker): Promise<void> {
    speaker.last = speaker.last
      .catch(() => {})
      .then(() => speaker.bird.run(speakerConfig(speaker.spec, (family) => this.#announcedOf(family))));
    return speaker.last;
  }

  #announcedOf(family: 4 | 6): string {
    return singleAddresses(family, [...this.#announced]);
  }
}

/** A BIRD filter for the routes to single addresses of those subnets that are of that IP version. */
export function singleAddresses(family: 4 | 6, subnets: readonly string[]): string {
  const whole = family === 6 ? 128 : 32;
  const some = subnets.filter((subnet) => familyOf(subnet) === family);
  return some.length === 0
    ? "none"
    : `where net ~ [ ${some.map((subnet) => `${subnet}{${whole},${whole}}`).join(", ")} ]`;
}
