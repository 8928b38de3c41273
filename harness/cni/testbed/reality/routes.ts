import { z } from "zod";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import { isAddress } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";

const shown = z.array(
  z.looseObject({
    dst: z.string(),
    type: z.string().optional(),
    gateway: z.string().optional(),
    nexthops: z.array(z.looseObject({ gateway: z.string().optional() })).optional(),
    metric: z.number().optional(),
    metrics: z.array(z.looseObject({ mtu: z.number().optional(), advmss: z.number().optional() })).optional(),
    table: z.union([z.string(), z.number()]).optional(),
    scope: z.union([z.string(), z.number()]).optional(),
  }),
);

/** A route as the kernel has it. */
export interface KernelRoute {
  /** CIDR. */
  readonly dst: string;
  readonly gateways: readonly string[];
  readonly priority: number;
  readonly mtu: number | undefined;
  readonly advmss: number | undefined;
  /** Number, 254 for the main table. */
  readonly table: number;
  /** Number as in rtnetlink, 0 for the universe. */
  readonly scope: number;
}

type SaidRoute = NonNullable<AddResult["routes"]>[number];

const tables: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };
const scopes: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

/** The routes of a namespace, IPv4 and IPv6, in whatever table. */
export async function readRouteTable(host: Host, netns: string): Promise<KernelRoute[]> {
  const read = async (family: 4 | 6) => {
    const text = await host.run([
      ...["ip", "-n", netns, `-${family}`, "-d", "-j"],
      ...["route", "show", "table", "all"],
    ]);
    return readRouteJson(text, family);
  };
  return (await Promise.all([read(4), read(6)])).flat();
}

/** Routes as `ip -d -j route` of an IP version prints them. */
export function readRouteJson(text: string, family: 4 | 6): KernelRoute[] {
  return shown.parse(JSON.parse(text || "[]")).map((route) => {
    const { dst, gateway, nexthops = [], metric = 0, metrics = [], table = "main", scope = "global" } = route;
    const gateways = [gateway, ...nexthops.map((hop) => hop.gateway)];
    return {
      dst: cidrOf(dst, family),
      gateways: gateways.filter((one) => one !== undefined),
      priority: metric,
      mtu: metrics.find(({ mtu }) => mtu !== undefined)?.mtu,
      advmss: metrics.find(({ advmss }) => advmss !== undefined)?.advmss,
      table: tables[table] ?? Number(table),
      scope: scopes[scope] ?? Number(scope),
    };
  });
}

function cidrOf(dst: string, family: 4 | 6): string {
  if (dst === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  return dst.includes("/") ? dst : `${dst}/${family === 4 ? 32 : 128}`;
}

/** What a result says of a route besides its destination; what it leaves out is undefined. */
function attributesOf(route: SaidRoute) {
  const number = (name: string) => {
    const value = route[name];
    return typeof value === "number" ? value : undefined;
  };
  return {
    gw: isAddress(route.gw) ? route.gw : undefined,
    priority: number("priority"),
    mtu: number("mtu"),
    advmss: number("advmss"),
    table: number("table"),
    scope: number("scope"),
  };
}

export function attributesSaid(route: SaidRoute): string {
  return Object.entries(attributesOf(route))
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(", ");
}

/** In what a route of the kernel is other than a result says; `undefined` where it is as said. A zero stands for what is left out. */
export function differsFrom(route: KernelRoute, saidRoute: SaidRoute): string | undefined {
  const said = attributesOf(saidRoute);
  const differences = [
    said.gw !== undefined && !route.gateways.includes(said.gw)
      ? `gw ${route.gateways.join(" and ") || "none"}`
      : undefined,
    ...(["priority", "mtu", "advmss", "table", "scope"] as const).map((name) =>
      said[name] && said[name] !== route[name] ? `${name} ${route[name] ?? "none"}` : undefined,
    ),
  ].filter((one) => one !== undefined);
  return differences.length > 0 ? differences.join(", ") : undefined;
}
