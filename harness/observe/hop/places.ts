import { contains } from "#harness/core/ip.ts";
import { type Namespace, ownNamespace } from "./watcher.ts";

/** A network namespace that a probe may cross. */
export interface Place extends Namespace {
  /** As failures tell it: `c-16f251a1`, `node2`, or `node2 1-ol4csvhh2q` for one that is nobody's. */
  readonly name: string;
  readonly isClient: boolean;
  readonly isTarget: boolean;
}

/** Addresses of a namespace without prefix, those of loopback excepted. */
export function addressesIn({ links }: Pick<Namespace, "links">): string[] {
  return cidrsIn({ links }).map((cidr) => cidr.split("/")[0] ?? "");
}

/** Whether an address is on a link of a namespace, so that its neighbours are asked for it. */
export function hasOnLink({ links }: Pick<Namespace, "links">, address: string): boolean {
  return cidrsIn({ links }).some((cidr) => contains(cidr, address));
}

function cidrsIn({ links }: Pick<Namespace, "links">): string[] {
  return links.filter(({ name }) => name !== "lo").flatMap(({ addresses }) => addresses);
}

function isOwn({ path }: Namespace): boolean {
  return path === ownNamespace;
}

/** Who sends a probe to whom, as far as namespaces go. */
export interface Ends {
  readonly client: { readonly name: string; readonly host: string; readonly path: string };
  /** The address that is asked. */
  readonly address: string;
  /** The server, where it is known; else all that have the address. */
  readonly target: { readonly name: string; readonly host?: string; readonly path?: string };
}

/**
 * Those of `namespaces` that a probe may cross: the client's and the target's, their hosts' own, and bridges or tunnels in namespaces
 * of their own that are of the network of either.
 */
export function placesOf({ client, address, target }: Ends, namespaces: readonly Namespace[]): Place[] {
  const at = (host: string, path: string | undefined) => (one: Namespace) =>
    one.host.name === host && one.path === path;
  const isClient = at(client.host, client.path);
  const has = (one: Namespace) => addressesIn(one).includes(address);
  const isTarget = target.host === undefined ? has : at(target.host, target.path);
  const ends = namespaces.filter((one) => isClient(one) || isTarget(one));
  const hosts = new Set([...ends, ...namespaces.filter(has)].map(({ host }) => host.name));
  const addresses = [address, ...ends.filter((one) => !isOwn(one)).flatMap(addressesIn)];
  const carries = (one: Namespace) =>
    one.links.some(({ kind }) => kind === "bridge" || kind === "vxlan") &&
    cidrsIn(one).some((cidr) => addresses.some((inside) => contains(cidr, inside)));
  return namespaces
    .filter((one) => hosts.has(one.host.name))
    .filter((one) => isOwn(one) || isClient(one) || isTarget(one) || carries(one))
    .map((one) => {
      const end = isClient(one) ? client.name : isTarget(one) ? target.name : undefined;
      const elsewhere = `${one.host.name} ${one.path.split("/").at(-1)}`;
      return {
        ...one,
        name: isOwn(one) ? one.host.name : (end ?? elsewhere),
        isClient: isClient(one),
        isTarget: isTarget(one),
      };
    });
}
