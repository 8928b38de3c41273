import type { FlagNames } from "./arguments.ts";

/** The flags of netctl's commands, by all names that they go by. */
export const tenantFlags: FlagNames = { t: { name: "tenant" }, tenant: { name: "tenant" } };
export const listFlags: FlagNames = {
  ...tenantFlags,
  a: { name: "all", switch: true },
  all: { name: "all", switch: true },
  q: { name: "quiet", switch: true },
  quiet: { name: "quiet", switch: true },
};
export const networkFlags: FlagNames = {
  ...tenantFlags,
  s: { name: "subnet" },
  subnet: { name: "subnet" },
  g: { name: "gateway" },
  gateway: { name: "gateway" },
  e: { name: "encap" },
  encap: { name: "encap" },
  p: { name: "tag" },
  "pkt-tag": { name: "tag" },
};
export const groupFlags: FlagNames = { ...tenantFlags, p: { name: "policy" }, policy: { name: "policy" } };
export const ruleFlags: FlagNames = {
  ...tenantFlags,
  direction: { name: "direction" },
  d: { name: "direction" },
  protocol: { name: "protocol" },
  l: { name: "protocol" },
  port: { name: "port" },
  P: { name: "port" },
  action: { name: "action" },
  j: { name: "action" },
  priority: { name: "priority" },
  p: { name: "priority" },
  "from-group": { name: "group" },
  "to-group": { name: "group" },
  "from-network": { name: "network" },
  "to-network": { name: "network" },
  "from-ip-address": { name: "address" },
  "to-ip-address": { name: "address" },
};
