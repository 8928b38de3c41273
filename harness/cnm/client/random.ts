import { randomBytes, randomInt } from "node:crypto";
import { nthSubnet } from "#harness/core/ip.ts";

/** A network or endpoint id as the engine makes them: 64 hex digits. */
export function randomId(): string {
  return randomBytes(32).toString("hex");
}

let nextPool = randomInt(256);

/** A /24 of 10.251.0.0/16 that this process has not used for a while. */
export function randomPool(): string {
  nextPool = (nextPool + 1) % 256;
  return nthSubnet("10.251.0.0/16", 24, nextPool);
}

/** A MAC that is locally administered, and of one interface. */
export function randomMac(): string {
  return ["02", ...Array.from({ length: 5 }, () => randomInt(256).toString(16).padStart(2, "0"))].join(":");
}
