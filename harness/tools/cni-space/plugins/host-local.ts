import { asked, askedFirst, askFor, networks, routesOf } from "#harness/tools/cni-space/addresses.ts";
import { type Effect, family, type OptionSpace, type Place } from "#harness/tools/cni-space/option.ts";

const each = <T>({ families }: Place, told: (network: (typeof networks)[4 | 6]) => T): T[] =>
  families.map((version) => told(networks[version]));
const host = (cidr: string, last: string) =>
  cidr.replace(/(?:(::)|\.0)\/\d+$/, (_all, six?: string) => (six ?? ".") + last);

const inRange = (first: string, last: string) => (place: Place) => ({
  ranges: each(place, ({ subnet, gateway }) => [
    { subnet, gateway, rangeStart: host(subnet, first), rangeEnd: host(subnet, last) },
  ]),
});

const from: Effect = {
  what: "an address between rangeStart and rangeEnd",
  told: ({ ips = [] }) => ips.length > 0 && ips.every(({ address }) => /[.:](?:4\d|5\d)\//.test(address)),
};

export const hostLocal: OptionSpace = {
  plugin: "host-local",
  kind: "ipam",
  source: "https://www.cni.dev/plugins/current/ipam/host-local/",
  base: { ipam: ({ dataDir }) => ({ type: "host-local", dataDir }) },
  options: {
    family,
    ranges: {
      subnet: { ipam: (place) => ({ ranges: each(place, ({ subnet }) => [{ subnet }]) }) },
      "with a gateway": {
        ipam: (place) => ({ ranges: each(place, ({ subnet, gateway }) => [{ subnet, gateway }]) }),
      },
      "rangeStart, rangeEnd": { ipam: inRange("40", "59"), effects: [from] },
      "two in a set": {
        ipam: (place) => ({
          ranges: each(place, ({ subnet, gateway }) => [
            { subnet, gateway, rangeStart: host(subnet, "40"), rangeEnd: host(subnet, "41") },
            { subnet, gateway, rangeStart: host(subnet, "50"), rangeEnd: host(subnet, "59") },
          ]),
        }),
        effects: [from],
      },
      "two sets": {
        ipam: (place) => ({
          ranges: each(place, ({ subnet, gateway }) =>
            subnet.includes(":")
              ? [[{ subnet, gateway }], [{ subnet: "fd00:89::/64" }]]
              : [[{ subnet, gateway }], [{ subnet: "10.89.0.0/24" }]],
          ).flat(),
        }),
        effects: [
          {
            what: "two addresses of each IP version",
            told: ({ ips = [] }, { families }) => ips.length === 2 * families.length,
          },
        ],
      },
      // Addresses that begin with a zero byte: NAT64's local prefix (RFC 8215), and an IPv4 network that nobody uses.
      "begin with 0": {
        ipam: (place) => ({
          ranges: place.families.map((version) => [
            { subnet: version === 4 ? "0.88.0.0/24" : "64:ff9b:1::/64" },
          ]),
        }),
        effects: [
          {
            what: "addresses of that network",
            told: ({ ips = [] }) => ips.every(({ address }) => /^(?:0\.88\.|64:ff9b:1:)/.test(address)),
          },
        ],
      },
      "runtimeConfig ipRanges": {
        capabilities: (place) => ({
          ipRanges: each(place, ({ subnet, gateway }) => [
            { subnet, gateway, rangeStart: host(subnet, "40"), rangeEnd: host(subnet, "59") },
          ]),
        }),
        effects: [from],
      },
    },
    routes: routesOf("answered"),
    resolvConf: {
      "–": {},
      given: {
        ipam: ({ dataDir }) => ({ resolvConf: `${dataDir}/../resolv.conf` }),
        prepareHost: "printf 'nameserver 10.88.0.53\\nsearch netconform.test\\n' >/tmp/$HOST/resolv.conf",
        effects: [
          {
            what: "the file's name servers and domains in the result",
            told: ({ dns }) =>
              String(dns?.nameservers) === "10.88.0.53" && String(dns?.search) === "netconform.test",
          },
        ],
      },
    },
    request: {
      "–": {},
      CNI_ARGS: {
        args: (place) => ({ IgnoreUnknown: "1", IP: askFor.plain(place)[0] ?? "" }),
        effects: [askedFirst],
      },
      "args.cni ips": {
        config: (place) => ({ args: { cni: { ips: askFor.plain(place) } } }),
        effects: [asked],
      },
      "runtimeConfig ips": {
        capabilities: (place) => ({ ips: askFor.cidrs(place) }),
        since: "1.0.0",
        effects: [asked],
      },
    },
    leases: {
      "–": {
        effects: [
          {
            what: "files of leases that only their owner reads (mode 600)",
            line: "find /tmp/$HOST/data -type f -name '[0-9a-f]*' -printf '%m %f\\n'",
            shows: /^(?:600 .*\n)+$/,
          },
        ],
      },
    },
  },
  apart: [
    // What is asked for has to lie in a range.
    ...["rangeStart, rangeEnd", "two in a set", "begin with 0", "runtimeConfig ipRanges"].flatMap((ranges) =>
      ["CNI_ARGS", "args.cni ips", "runtimeConfig ips"].map((request) => ({ ranges, request })),
    ),
  ],
  allocates: () => true,
};
