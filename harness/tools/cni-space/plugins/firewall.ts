import { family, type OptionSpace } from "#harness/tools/cni-space/option.ts";

const saved = "ip netns exec $HOST sh -c 'iptables-save; ip6tables-save'";

export const firewall: OptionSpace = {
  plugin: "firewall",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/firewall/",
  base: { needs: ["program iptables"] },
  options: {
    family,
    backend: { "–": {}, iptables: { config: { backend: "iptables" } } },
    iptablesAdminChainName: {
      "–": {},
      given: {
        config: { iptablesAdminChainName: "NC-ADMIN" },
        effects: [{ what: "the chain NC-ADMIN", line: saved, shows: /-j NC-ADMIN/ }],
      },
    },
    ingressPolicy: {
      "–": {},
      open: { config: { ingressPolicy: "open" } },
      "same-bridge": { config: { ingressPolicy: "same-bridge" } },
      isolated: { config: { ingressPolicy: "isolated" }, since: "1.7.0" },
    },
    firewalldZone: { "–": {}, given: { config: { firewalldZone: "work" } } },
  },
  reach: () => ({ host: { via: "ncx$INDEX" } }),
};
