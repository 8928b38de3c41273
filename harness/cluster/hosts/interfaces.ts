import { isIPv4 } from "node:net";
import { z } from "zod";
import type { NodeInterface, Role } from "#harness/cluster/cluster.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import type { InventoryHost } from "./inventory.ts";

const links = z.array(
  z.looseObject({
    ifname: z.string(),
    flags: z.array(z.string()).default([]),
    addr_info: z
      .array(
        z.looseObject({ local: z.string().optional(), prefixlen: z.int(), scope: z.string().optional() }),
      )
      .default([]),
  }),
);

/** An address of documentation (RFC 5737): looking the way to it up sends nothing. */
const elsewhere = "192.0.2.1";

/**
 * The interfaces of a host by role: what the inventory says of each, completed and checked on the host. What it leaves
 * out is management: the address under which the host is reached, or that of its default route; control: as management;
 * data: as control. Throws `UsageError` for what is not on the host.
 */
export async function findInterfaces(
  host: Host,
  { address, interfaces }: Pick<InventoryHost, "address" | "interfaces">,
): Promise<Record<Role, NodeInterface>> {
  const [listed, way] = await Promise.all([
    host.run(["ip", "-json", "-4", "address", "show"]),
    host.exec(["ip", "-4", "route", "get", elsewhere]),
  ]);
  const present = parseInterfaces(listed);
  const source = / src (\S+)/.exec(way.stdout)?.[1];
  const find = (wanted: { device?: string | undefined; address?: string | undefined }, role: Role) => {
    const found = present.find(
      (one) =>
        (wanted.device === undefined || one.device === wanted.device) &&
        (wanted.address === undefined || one.address === wanted.address),
    );
    if (found) return found;
    const described = present.map((one) => `${one.device} ${one.address}`).join(", ") || "none";
    const what = [wanted.device, wanted.address].filter(Boolean).join(" with ");
    throw new UsageError(
      `${host.name}: ${role}: expected an interface ${what} with an IPv4 address, got ${described}`,
      { hint: "correct `interfaces` of this host in the inventory" },
    );
  };
  const usual = isIPv4(address) && present.some((one) => one.address === address) ? address : source;
  const management = find(interfaces.management ?? { address: usual ?? address }, "management");
  const control = interfaces.control ? find(interfaces.control, "control") : management;
  const data = interfaces.data ? find(interfaces.data, "data") : control;
  return { management, control, data };
}

/** Interfaces with IPv4 addresses in the output of `ip -json -4 address show`, without loopback ones. */
function parseInterfaces(json: string): NodeInterface[] {
  return links.parse(JSON.parse(json)).flatMap(({ ifname, flags, addr_info }) => {
    if (flags.includes("LOOPBACK")) return [];
    return addr_info.flatMap(({ local, prefixlen }) =>
      local ? [{ device: ifname, address: local, prefix: prefixlen }] : [],
    );
  });
}
