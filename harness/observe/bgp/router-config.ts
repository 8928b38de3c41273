import { familyOf } from "#harness/core/ip.ts";

/** A node as its routers know it. */
export interface Neighbor {
  readonly name: string;
  readonly as: number;
  /** Addresses on the wire between them, without prefix, one session for each: IPv4, and IPv6 where it has one. */
  readonly addresses: readonly string[];
}

export interface RouterSpec {
  readonly as: number;
  /** IPv4 address on the wire, without prefix; also its id. */
  readonly address: string;
  /** What it announces to its neighbours: prefixes and the next hop behind which they are. */
  readonly behind: readonly { readonly prefix: string; readonly via: string }[];
  readonly neighbors: readonly Neighbor[];
}

/** Name of the session with a neighbour over IPv4 or IPv6. */
export function protocolOf(name: string, address: string): string {
  return `${name.replaceAll(/\W/g, "_")}_v${familyOf(address)}`;
}

/**
 * The configuration of a router: it takes what its neighbours announce, forwards by it, and tells them of what lies behind it and
 * of each other. It looks for a neighbour that it lost every second, so that how long a session takes is the neighbour's doing.
 */
export function routerConfig({ as, address, behind, neighbors }: RouterSpec): string {
  const families = [4, 6] as const;
  return `router id ${address};
protocol device {}
${families
  .map((family) => {
    const routes = behind.filter(({ prefix }) => familyOf(prefix) === family);
    return `protocol kernel kernel${family} { ipv${family} { import none; export where source ~ [RTS_BGP, RTS_STATIC]; }; }
protocol static behind${family} {
  ipv${family};
${routes.map(({ prefix, via }) => `  route ${prefix} via ${via};\n`).join("")}}`;
  })
  .join("\n")}
${neighbors
  .flatMap(({ name, as: theirs, addresses }) =>
    addresses.map(
      (one) => `protocol bgp ${protocolOf(name, one)} {
  local as ${as};
  neighbor ${one} as ${theirs};
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
  ipv${familyOf(one)} { import all; export all; };
}`,
    ),
  )
  .join("\n")}
`;
}
