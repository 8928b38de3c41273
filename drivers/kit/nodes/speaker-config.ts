import type { BgpSpec } from "#drivers/driver.ts";
import { addressOf, familyOf } from "#harness/core/ip.ts";

/** Name of the session with a neighbour, by its place among them. */
export function sessionName(index: number): string {
  return `router${index}`;
}

/**
 * The BIRD configuration of a node's speaker: it announces those of the kernel's routes that `announced` accepts, a BIRD filter such as
 * `where krt_source = 110` or `none`, with the node as the next hop, and puts what it learns into the kernel, over all routers that
 * offer the same. One session for each neighbour, over IPv4 or IPv6. It listens at the node's address on their wire alone.
 */
export function speakerConfig(
  { as, addresses, neighbors }: Pick<BgpSpec, "as" | "addresses" | "neighbors">,
  announced: (family: 4 | 6) => string,
): string {
  const id = addresses.map(addressOf).find((address) => familyOf(address) === 4) ?? "";
  return `router id ${id};
protocol device {}
${([4, 6] as const)
  .map(
    (family) => `protocol kernel kernel${family} {
  learn;
  scan time 1;
  merge paths on;
  ipv${family} { import ${announced(family)}; export where source = RTS_BGP; };
}`,
  )
  .join("\n")}
${neighbors
  .map(
    ({ address, as: theirs }, index) => `protocol bgp ${sessionName(index)} {
  local ${sourceFor(address, addresses)}as ${as};
  neighbor ${address} as ${theirs};
  strict bind yes;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
  ipv${familyOf(address)} { import all; export where source = RTS_INHERIT; };
}`,
  )
  .join("\n")}
`;
}

/** The node's own address of the neighbour's family. */
function sourceFor(neighbor: string, addresses: readonly string[]): string {
  const source = addresses.map(addressOf).find((address) => familyOf(address) === familyOf(neighbor));
  return source === undefined ? "" : `${source} `;
}
