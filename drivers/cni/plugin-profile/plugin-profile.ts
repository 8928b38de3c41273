import type { Breakage, ProfileValues } from "#harness/cni/testbed/profiles.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** What a plugin cannot do without: a kind of link that the kernel can make, a program in PATH, a device file. */
export type PluginNeed = `${"link" | "program" | "device"} ${string}`;

/** A value, or what makes it for a container. */
export type ForContainer<T> = T | ((values: ProfileValues) => T);

/**
 * How the CNI suite is to use a plugin: the default export of the file that `PROFILE` names. In shell lines `$HOST` is the network namespace
 * that plays the host, `$NETNS` the container's, both by name, `$IF` the interface's name and `$INDEX` the container's running number.
 */
export interface CniPluginProfile {
  /** What the plugin does in a network. */
  readonly kind: PluginKind;
  /**
   * The plugin's configuration. In texts of an object `{{dataDir}}` stands for a scratch folder and `{{index}}` for the container's
   * running number; a `host-local` section gets the folder by itself.
   */
  readonly config: ForContainer<Record<string, unknown>>;
  /** Where one of these is missing, the rules are blocked with that reason. */
  readonly needs?: readonly PluginNeed[];
  /** Shell lines that make devices, or start a daemon, in each place once. Processes that stay in it are ended with it. */
  readonly prepareHost?: string;
  /**
   * Shell lines for each container, before the plugin is called for it; they run in the place. What they make is nothing that the plugin has
   * left. `$INDEX` in a device's name makes it the container's own.
   */
  readonly prepareContainer?: string;
  /** Interface name to ask for; default `nc0`. */
  readonly ifName?: string;
  /** Capability arguments (`runtimeConfig`) beside the usual ones. The configuration has to declare each in its `capabilities`. */
  readonly capabilities?: ForContainer<Record<string, unknown>>;
  /** `CNI_ARGS` of each call about a container. */
  readonly args?: ForContainer<Record<string, string>>;
  /** What CHECK should notice, and DEL bear, when it is gone. One that changes nothing is not held against the plugin. */
  readonly breakages?: readonly Breakage[];
  /** Shell line that lists what the plugin keeps elsewhere, a line each. It is compared like links, routes and rules. */
  readonly state?: string;
  /**
   * `machine`: the plugin works with a daemon of this machine, so it is called in the machine's own namespaces, one call after the other.
   * There `state` and the scratch folder are compared, and nothing else. Default: a place of its own for each test.
   */
  readonly namespace?: "place" | "machine";
  /** Every container gets an address of its own. Default: where the configuration has an `ipam` section that is not `static`. */
  readonly allocates?: boolean;
  /** What is given out is written down where no test can remove it. */
  readonly leasesElsewhere?: boolean;
  /** A chained plugin that works on CNI_IFNAME itself. One that takes interfaces and addresses from prevResult leaves it out. */
  readonly worksOnInterface?: boolean;
  /** A chained plugin that needs nothing before it, e.g. loopback. */
  readonly standsAlone?: boolean;
  /** An address manager's configuration with room for one container only. */
  readonly exhausted?: ForContainer<Record<string, unknown>>;
}

/** Types the profile of a plugin for the CNI suite: `export default defineCniPlugin({ kind, config })`. */
export function defineCniPlugin(profile: CniPluginProfile): CniPluginProfile {
  return profile;
}
