import type { AddResult } from "#harness/cni/protocol/result.ts";
import type { ProfileValues } from "#harness/cni/testbed/profiles.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** IP versions of a container's addresses: a dimension of every space whose plugin deals with addresses. */
export const families = { IPv4: [4], IPv6: [6], "dual stack": [4, 6] } as const satisfies Record<
  string,
  readonly (4 | 6)[]
>;
export type Family = keyof typeof families;

/** Where a value is used: what a profile is told, and which addresses the configuration has. */
export interface Place extends ProfileValues {
  readonly families: readonly (4 | 6)[];
}

/** Keys of a configuration, or how they come about. */
export type Keys = Readonly<Record<string, unknown>> | ((place: Place) => Readonly<Record<string, unknown>>);

/** What is to be seen of a value while a container is attached. */
export interface Effect {
  /** Reads after "expected": "an MTU of 1400". */
  readonly what: string;
  /** Shell line with the variables of a profile; what it prints has to match `shows`. */
  readonly line?: string;
  readonly shows?: RegExp;
  /** Whether ADD's result says it. */
  readonly told?: (result: AddResult, place: Place) => boolean;
}

/** What an option is set to: what becomes of the configuration and of the call, what it needs, and what it does. */
export interface Value {
  readonly config?: Keys;
  /** Goes into the section `ipam`. */
  readonly ipam?: Keys;
  /** Arguments by capability; each is declared as well, and becomes `runtimeConfig`. */
  readonly capabilities?: Keys;
  /** `CNI_ARGS`. */
  readonly args?: (place: Place) => Readonly<Record<string, string>>;
  readonly ifName?: string;
  /** As in a profile. */
  readonly needs?: readonly string[];
  readonly prepareHost?: string;
  readonly prepareContainer?: string;
  /** Release of the plugins from which on there is this value. Before, it is not tried. */
  readonly since?: string;
  /** In one configuration only, beside the first value of every other option: the plugin is known to fall over, which hides the others. */
  readonly single?: true;
  readonly effects?: readonly Effect[];
}

/** Values by what they are called on the page. */
export type Option = Readonly<Record<string, Value>>;

/** How packets have to come through to a container that is attached; an address that the result does not have is not asked for. */
export interface Reach {
  /** The host pings the container. `via`: over this device of the host, which gets the gateway's address for it. */
  readonly host?: { readonly via?: string };
  /** Two containers ping each other. */
  readonly between?: true;
  /** Ports of the host that lead to a port of the container. */
  readonly ports?: (place: Place) => readonly PortPath[];
}

export interface PortPath {
  readonly protocol: "tcp" | "udp";
  /** Where the host connects to. */
  readonly address: string;
  readonly port: number;
  readonly containerPort: number;
}

/** Values by option. */
export type Choices = Readonly<Record<string, string>>;

/** The options of one plugin. */
export interface OptionSpace {
  readonly plugin: string;
  readonly kind: PluginKind;
  /** Where the plugin's authors say what the options are. */
  readonly source: string;
  /** What each configuration has. */
  readonly base?: Value;
  readonly options: Readonly<Record<string, Option>>;
  /** Values that the plugin's documentation does not let stand together, or that make no difference beside each other. */
  readonly apart?: readonly Choices[];
  /** Configurations beside the pairs, where it takes more than two values. */
  readonly also?: readonly Choices[];
  readonly reach?: (choices: Choices) => Reach;
  /** Works on CNI_IFNAME by itself, so that nothing stands before it. */
  readonly standsAlone?: true;
  /** Whether the address manager sees to it that each container gets an address of its own. */
  readonly allocates?: (choices: Choices) => boolean;
  /** What can go before DEL, as a shell line, beside the container. */
  readonly gone?: { readonly what: string; readonly line: string };
}

/** The keys as they are in one place. */
export function keysIn(keys: Keys | undefined, place: Place): Readonly<Record<string, unknown>> {
  return typeof keys === "function" ? keys(place) : (keys ?? {});
}

/** The option that every plugin with addresses has. */
export const family: Option = { IPv4: {}, IPv6: {}, "dual stack": {} } satisfies Record<Family, Value>;

/** An option that is left out, or is `true`. */
export function flag(name: string, value: Omit<Value, "config"> = {}): Option {
  return { "–": {}, [name]: { config: { [name]: true }, ...value } };
}
