import { nthSubnet } from "#harness/core/ip.ts";
import { freshRange, freshRange6 } from "#harness/core/project-subnets.ts";

let next = 0;

/**
 * A fresh /24 of 10.128.0.0/12, different on every call in this process, until all 4096 are used: tests that
 * run at the same time on one cluster must not use the same subnet. Clear of the tutorial's 10.1.x and of the
 * nodes' own networks.
 */
export function freshSubnet(): string {
  return nthSubnet(freshRange, 24, next++ % 4096);
}

let nextIpv6 = 0;

/** A fresh /64 of a unique local prefix (RFC 4193) of the project's own, different on every call in this process. */
export function freshSubnet6(): string {
  return nthSubnet(freshRange6, 64, nextIpv6++ % 65_536);
}
