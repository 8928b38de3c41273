import {
  family,
  flag,
  type OptionSpace,
  type Place,
  type PortPath,
  type Value,
} from "#harness/tools/cni-space/option.ts";

const own = { 4: "10.87.0.1", 6: "fd00:87::1" } as const;
const ports = (index: number) => ({ tcp: 18080 + index, udp: 19080 + index, sctp: 17080 + index });
const tcp = ({ index }: Place) => ({ hostPort: ports(index).tcp, containerPort: 80, protocol: "tcp" });
const udp = ({ index }: Place) => ({ hostPort: ports(index).udp, containerPort: 53, protocol: "udp" });
const sctp = ({ index }: Place) => ({ hostPort: ports(index).sctp, containerPort: 80, protocol: "sctp" });
const maps = (told: (place: Place) => readonly object[]): Value => ({
  capabilities: (place) => ({ portMappings: told(place) }),
});

export const portmap: OptionSpace = {
  plugin: "portmap",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/portmap/",
  base: {
    needs: ["program iptables"],
    prepareHost: `ip address add ${own[4]}/32 dev lo; ip address add ${own[6]}/128 dev lo nodad; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`,
  },
  options: {
    family,
    mappings: {
      tcp: maps((place) => [tcp(place)]),
      udp: maps((place) => [udp(place)]),
      "tcp, udp, sctp": maps((place) => [tcp(place), udp(place), sctp(place)]),
      "twenty of tcp": maps((place) => [
        tcp(place),
        ...Array.from({ length: 19 }, (_, at) => ({
          ...tcp(place),
          hostPort: 21000 + 100 * place.index + at,
        })),
      ]),
      "IPv4 hostIP": maps((place) => [{ ...tcp(place), hostIP: own[4] }]),
      "IPv6 hostIP": maps((place) => [{ ...tcp(place), hostIP: own[6] }]),
      none: maps(() => []),
      "not given": {},
    },
    snat: { "–": {}, true: { config: { snat: true } }, false: { config: { snat: false } } },
    masqAll: flag("masqAll", { since: "1.2.0" }),
    mark: {
      "–": {},
      "markMasqBit 7": { config: { markMasqBit: 7 } },
      externalSetMarkChain: {
        config: { externalSetMarkChain: "NC-MARK" },
        prepareHost: "iptables -t nat -N NC-MARK; ip6tables -t nat -N NC-MARK",
      },
    },
    conditions: {
      "–": {},
      "V4 and V6": {
        config: {
          conditionsV4: ["!", "-d", "192.0.2.0/24"],
          conditionsV6: ["!", "-d", "2001:db8::/32"],
        },
      },
    },
    backend: {
      "–": {},
      iptables: { config: { backend: "iptables" }, since: "1.6.0" },
      nftables: { config: { backend: "nftables" }, since: "1.6.0", needs: ["program nft"] },
    },
  },
  apart: [
    // The mapping of an address of the other IP version is none.
    { family: "IPv4", mappings: "IPv6 hostIP" },
    { family: "IPv6", mappings: "IPv4 hostIP" },
    { mark: "externalSetMarkChain", backend: "nftables" },
    { conditions: "V4 and V6", backend: "nftables" },
  ],
  reach: ({ mappings = "" }) => ({ host: { via: "ncx$INDEX" }, ports: (place) => pathsOf(mappings, place) }),
};

/** Where the host gets to the container, by an address of its own. */
function pathsOf(mappings: string, place: Place): PortPath[] {
  const { index, families } = place;
  const only = mappings === "IPv4 hostIP" ? 4 : mappings === "IPv6 hostIP" ? 6 : undefined;
  return families
    .filter((version) => only === undefined || version === only)
    .flatMap((version) => {
      const path = (protocol: "tcp" | "udp", containerPort: number): PortPath => ({
        ...{ protocol, containerPort, address: own[version] },
        port: ports(index)[protocol],
      });
      if (mappings === "none" || mappings === "not given") return [];
      if (mappings === "udp") return [path("udp", 53)];
      return mappings === "tcp, udp, sctp" ? [path("tcp", 80), path("udp", 53)] : [path("tcp", 80)];
    });
}
