import { z } from "zod";
import type { Link } from "./workload.ts";

const shape = z.array(
  z.object({
    ifindex: z.number(),
    ifname: z.string(),
    link_index: z.number().optional(),
    flags: z.array(z.string()),
    mtu: z.number(),
    address: z.string().default(""),
    master: z.string().optional(),
    linkinfo: z.object({ info_kind: z.string().default("") }).optional(),
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number() })).default([]),
  }),
);

/** The command whose output `parseLinks` reads. */
export const listLinks = ["ip", "-json", "-details", "address", "show"] as const;

/** Reads the output of `listLinks`, or of `link show` instead of `address show`, which tells no addresses. Throws when it has another shape. */
export function parseLinks(output: string): Link[] {
  return shape.parse(JSON.parse(output)).map((link) => ({
    name: link.ifname,
    index: link.ifindex,
    ...(link.link_index === undefined ? {} : { peerIndex: link.link_index }),
    kind: link.linkinfo?.info_kind ?? "",
    mac: link.address,
    mtu: link.mtu,
    up: link.flags.includes("UP"),
    ...(link.master === undefined ? {} : { master: link.master }),
    addresses: link.addr_info.flatMap(({ local, prefixlen }) => (local ? [`${local}/${prefixlen}`] : [])),
  }));
}
