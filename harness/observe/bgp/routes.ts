import { z } from "zod";
import { contains, prefixOf } from "#harness/core/ip.ts";

/** A route by which a router forwards. */
export interface Route {
  /** CIDR. */
  readonly prefix: string;
  /** Addresses of the next hops; several where it spreads over them. */
  readonly via: readonly string[];
}

const routes = z.array(
  z.object({
    dst: z.string(),
    gateway: z.string().optional(),
    nexthops: z.array(z.object({ gateway: z.string().optional() })).default([]),
  }),
);

/** Reads `ip -json route show`; routes without a next hop, to what is on the link, are left out. */
export function readRoutes(json: string): Route[] {
  return routes.parse(JSON.parse(json || "[]")).flatMap(({ dst, gateway, nexthops }) => {
    const via = [gateway, ...nexthops.map((hop) => hop.gateway)].filter((hop) => hop !== undefined);
    return via.length === 0 ? [] : [{ prefix: cidrOf(dst), via }];
  });
}

/** The most specific route to an address. */
export function routeTo(known: readonly Route[], address: string): Route | undefined {
  const [best] = known
    .filter(({ prefix }) => contains(prefix, address))
    .toSorted((one, other) => prefixOf(other.prefix) - prefixOf(one.prefix));
  return best;
}

/** For people, e.g. `10.1.2.3/32 via 10.9.0.1`. */
export function describeRoute(route: Route | undefined): string {
  return route ? `${route.prefix} via ${route.via.join(", ")}` : "no route";
}

/** `ip` leaves the prefix of a host out, and calls the whole of a family `default`. */
function cidrOf(destination: string): string {
  if (destination === "default") return "0.0.0.0/0";
  if (destination.includes("/")) return destination;
  return `${destination}/${destination.includes(":") ? 128 : 32}`;
}
