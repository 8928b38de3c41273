import { family, type OptionSpace } from "#harness/tools/cni-space/option.ts";

export const sbr: OptionSpace = {
  plugin: "sbr",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/sbr/",
  options: {
    family: {
      ...family,
      IPv4: { effects: [rule(4)] },
      IPv6: { effects: [rule(6)] },
      "dual stack": { effects: [rule(4), rule(6)] },
    },
    table: {
      "–": {},
      "177": {
        config: { table: 177 },
        since: "1.6.0",
        effects: [
          {
            what: "a rule for table 177",
            line: "ip -n $NETNS rule; ip -n $NETNS -6 rule",
            shows: /lookup 177/,
          },
        ],
      },
    },
    interface: { nc0: {}, "with a dot": { ifName: "nc0.100" } },
  },
  reach: () => ({ host: { via: "ncx$INDEX" } }),
};

function rule(version: 4 | 6) {
  return {
    what: `a rule for the IPv${version} address`,
    line: `ip -n $NETNS -${version} rule`,
    shows: version === 4 ? /from 10\.88\.0\.\d+/ : /from fd00:88::/,
  };
}
