import type { PluginUnderTest } from "#harness/cni/testbed/container.ts";
import { type ChainMember, profiles } from "#harness/cni/testbed/profiles.ts";

/** Lists that people use, by the plugins' types in ADD's order. */
export const commonLists: readonly (readonly string[])[] = [
  // What Podman and nerdctl write for a new network.
  ["bridge", "portmap", "firewall", "tuning"],
  // The specification's own example; the MAC is the container's.
  ["bridge", "tuning", "portmap"],
  ["bridge", "sbr"],
  // Kubernetes' example for a shaped network, and what cloud providers put around ptp.
  ["ptp", "portmap", "bandwidth"],
  // A second network of a pod with Multus.
  ["macvlan", "tuning"],
  ["macvlan", "sbr"],
  ["debug-interface", "debug-chained"],
];

/**
 * The lists in which a plugin is tried: that of its configuration, where a user gave one, else those of its type that people use. It is a
 * member under its file name, the others under their types.
 */
export function listsOf({
  type,
  profile,
}: Pick<PluginUnderTest, "type" | "profile">): (readonly ChainMember[])[] {
  if (profile.lists) return [...profile.lists];
  const own = baseOf(type);
  return commonLists
    .filter((list) => list.includes(own))
    .map((list) => list.flatMap((name) => memberOf(name, name === own ? type : name)));
}

/** Type of the plugin that a file is a copy of: `bridge` for `bridge.old`. */
function baseOf(type: string): string {
  return type.replace(/\..*/, "");
}

function memberOf(name: string, type: string): ChainMember[] {
  const profile = profiles[name];
  if (!profile) return [];
  if (name !== "tuning") return [{ ...profile, type }];
  // Who has tuning in a list mostly has it for the MAC that the container is to have.
  const config: ChainMember["config"] = (values) => ({
    ...profile.config(values),
    capabilities: { mac: true },
  });
  return [{ ...profile, type, config }];
}
