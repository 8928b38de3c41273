import { family, type OptionSpace } from "#harness/tools/cni-space/option.ts";

export const vrf: OptionSpace = {
  plugin: "vrf",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/vrf/",
  base: {
    config: { vrfname: "ncblue" },
    needs: ["link vrf table 100"],
    effects: [{ what: "the VRF ncblue", line: "ip -n $NETNS link show dev $IF", shows: /master ncblue/ }],
  },
  options: {
    family,
    table: {
      "–": {},
      "1177": {
        config: { table: 1177 },
        since: "1.1.0",
        effects: [
          {
            what: "the VRF's table 1177",
            line: "ip -n $NETNS -d link show dev ncblue",
            shows: /vrf table 1177/,
          },
        ],
      },
    },
  },
};
