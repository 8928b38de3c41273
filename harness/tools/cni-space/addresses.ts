import { gateway, gateway6, subnet, subnet6 } from "#harness/cni/testbed/profiles.ts";
import type { Effect, Option, Place } from "./option.ts";
import { family, flag } from "./option.ts";

/** Addresses of a configuration, by IP version; of IPv4 those that the built-in profiles have. */
export const networks = {
  4: { subnet, gateway, everything: "0.0.0.0/0", other: "10.99.0.0/16", prefix: 24 },
  6: { subnet: subnet6, gateway: gateway6, everything: "::/0", other: "fd00:99::/48", prefix: 64 },
} as const;

export type Network = (typeof networks)[4 | 6];

const of = <T>({ families }: Place, told: (network: Network, version: 4 | 6) => T): T[] =>
  families.map((version) => told(networks[version], version));

/** The address that container `index` has where somebody else than a range decides: from 10 on, or from `from` on. */
export function addressFor(version: 4 | 6, index: number, from = 10): string {
  const { subnet: network } = networks[version];
  return version === 4
    ? network.replace(/0\/\d+$/, String(from + index))
    : network.replace(/\/\d+$/, (from + index).toString(16));
}

const cidrsFrom = (from: number) => (place: Place) =>
  of(place, ({ prefix }, version) => `${addressFor(version, place.index, from)}/${prefix}`);

/** The addresses that are asked for. */
const wanted = 0x77;
export const asked: Effect = {
  what: "the addresses that were asked for",
  told: ({ ips = [] }, place) => {
    const given = ips.map(({ address }) => address.replace(/\/.*/, ""));
    return place.families.every((version) => given.includes(addressFor(version, place.index, wanted)));
  },
};

/** As above where only one address can be asked for. */
export const askedFirst: Effect = {
  what: "the address that was asked for",
  told: ({ ips = [] }, { families: [version = 4], index }) =>
    ips.some(({ address }) => address.startsWith(`${addressFor(version, index, wanted)}/`)),
};

export const askFor = {
  plain: ({ families, index }: Place) => families.map((version) => addressFor(version, index, wanted)),
  cidrs: cidrsFrom(wanted),
};

const hostLocal = (place: Place) => ({
  type: "host-local",
  dataDir: place.dataDir,
  ranges: of(place, ({ subnet: network, gateway: next }) => [{ subnet: network, gateway: next }]),
});

const fixed = (place: Place, starts: readonly number[]) => ({
  type: "static",
  addresses: starts.flatMap((from) =>
    of(place, ({ prefix, gateway: next }, version) => ({
      address: `${addressFor(version, place.index, from)}/${prefix}`,
      gateway: next,
    })),
  ),
});

/** Who gives the addresses: one of Debian's address managers, or nobody. */
const managers: Option = {
  "host-local": { ipam: hostLocal },
  static: { ipam: (place) => fixed(place, [10]) },
  "static, two of each": {
    ipam: (place) => fixed(place, [10, 90]),
    effects: [
      {
        what: "two addresses of each IP version",
        told: ({ ips = [] }, place) => ips.length === 2 * place.families.length,
      },
    ],
  },
  none: { config: { ipam: {} } },
};

const servers = { nameservers: ["10.88.0.53"], search: ["netconform.test"], options: ["ndots:2"] };
const told: Effect = {
  what: "the name servers, domains and options in the result",
  told: ({ dns }) =>
    JSON.stringify(dns?.nameservers) === JSON.stringify(servers.nameservers) &&
    JSON.stringify(dns?.search) === JSON.stringify(servers.search) &&
    JSON.stringify(dns?.options) === JSON.stringify(servers.options),
};

/** Every route to the networks elsewhere, in whatever table. */
const listed =
  "{ ip -n $NETNS route show table all; ip -n $NETNS -6 route show table all; } | grep -E '10.99.0.0|fd00:99:'";

/** Options of plugins that make interfaces and have somebody give the addresses. */
export const addressing = { family, ipam: managers, routes: routesOf("set up"), dns: dnsOf() };

/** What plugins offer that translate the egress of their containers themselves. */
export const masquerading = {
  ipMasq: flag("ipMasq", { needs: ["program iptables"] }),
  ipMasqBackend: {
    "–": {},
    nftables: { config: { ipMasqBackend: "nftables" }, since: "1.6.0", needs: ["program nft"] },
  },
} satisfies Record<string, Option>;

/** host-local reads name servers from a file only. */
export const withoutFile = { ipam: "host-local", dns: "of ipam" };

/** Values that mean nothing without addresses. */
export const withoutManager = [
  withoutFile,
  { ipam: "none", family: "IPv6" },
  { ipam: "none", family: "dual stack" },
  { ipam: "none", routes: "to all" },
  { ipam: "none", routes: "without gw" },
  { ipam: "none", routes: "with gw" },
  { ipam: "none", routes: "mtu, priority" },
  { ipam: "none", routes: "table" },
  { ipam: "none", dns: "of ipam" },
];

/**
 * Routes as an address manager is told them (specification 1.1.0, section 5, ADD Success, has their attributes): it only answers them, a
 * plugin that makes an interface has to set them up.
 */
export function routesOf(how: "answered" | "set up"): Option {
  const seen = (attributes: Readonly<Record<string, number>>, shows: RegExp): Effect[] => {
    const what = `a route with ${Object.entries(attributes).map(String).join(" and ").replaceAll(",", " ")}`;
    return how === "set up" ? [{ what, line: listed, shows }] : [{ what, told: saying(attributes) }];
  };
  return {
    "–": {},
    "to all": { ipam: (place) => ({ routes: of(place, ({ everything }) => ({ dst: everything })) }) },
    "without gw": { ipam: (place) => ({ routes: of(place, ({ other }) => ({ dst: other })) }) },
    "with gw": {
      ipam: (place) => ({ routes: of(place, ({ other, gateway: gw }) => ({ dst: other, gw })) }),
    },
    "mtu, priority": {
      since: "1.6.0",
      ipam: (place) => ({
        routes: of(place, ({ other, gateway: gw }) => ({ dst: other, gw, mtu: 1300, priority: 77 })),
      }),
      effects: seen({ mtu: 1300, priority: 77 }, /metric 77 .*mtu 1300|mtu 1300 .*metric 77/),
    },
    table: {
      since: "1.6.0",
      ipam: (place) => ({
        routes: of(place, ({ other, gateway: gw }) => ({ dst: other, gw, table: 177 })),
      }),
      effects: seen({ table: 177 }, /table 177/),
    },
  };
}

function saying(attributes: Readonly<Record<string, number>>): NonNullable<Effect["told"]> {
  return ({ routes }) =>
    (routes ?? []).length > 0 &&
    (routes ?? []).every((route) =>
      Object.entries(attributes).every(([name, value]) => route[name] === value),
    );
}

function dnsOf(): Option {
  return {
    "–": {},
    "of the network": { config: { dns: servers }, effects: [told] },
    "of ipam": { ipam: { dns: servers }, effects: [told] },
  };
}

/** Name servers as the plugin `static` is told them. */
export const staticDns: Option = { "–": {}, given: { ipam: { dns: servers }, effects: [told] } };

/** A MAC that is asked for in one of the ways that the conventions know. */
export function macs(ways: readonly ("config" | "CNI_ARGS" | "args.cni" | "runtimeConfig")[]): Option {
  const mac = (index: number) => `02:00:00:00:0f:${index.toString(16).padStart(2, "0")}`;
  const effects: Effect[] = [
    {
      what: "the MAC that was asked for",
      line: "ip -n $NETNS link show dev $IF",
      shows: /02:00:00:00:0f:/,
    },
    {
      what: "the MAC that was asked for in the result",
      told: ({ interfaces = [] }, { ifName, index }) =>
        interfaces.some(({ name, mac: one }) => name === ifName && one === mac(index)),
    },
  ];
  const values: Option = {
    config: { config: ({ index }) => ({ mac: mac(index) }), effects },
    CNI_ARGS: { args: ({ index }) => ({ IgnoreUnknown: "1", MAC: mac(index) }), effects },
    "args.cni": { config: ({ index }) => ({ args: { cni: { mac: mac(index) } } }), effects },
    runtimeConfig: { capabilities: ({ index }) => ({ mac: mac(index) }), effects },
  };
  return { "–": {}, ...Object.fromEntries(ways.map((way) => [way, values[way] ?? {}])) };
}
