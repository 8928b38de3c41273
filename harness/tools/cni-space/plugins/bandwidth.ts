import { family, type OptionSpace, type Value } from "#harness/tools/cni-space/option.ts";

const ingress = { ingressRate: 8_000_000, ingressBurst: 1_600_000 };
const egress = { egressRate: 8_000_000, egressBurst: 1_600_000 };
const toContainer = {
  what: "a shaper of 8 Mbit/s towards the container",
  line: "ip netns exec $HOST tc qdisc show dev ncx$INDEX",
  shows: /tbf .*rate 8Mbit/,
};
const fromContainer = {
  what: "a shaper of 8 Mbit/s on an ifb device for what comes from the container",
  line: "ip netns exec $HOST tc qdisc show",
  shows: /tbf .*dev bwp.* rate 8Mbit/,
};

const said = (bandwidth: object): Value => ({ capabilities: { bandwidth } });

export const bandwidth: OptionSpace = {
  plugin: "bandwidth",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/bandwidth/",
  base: { needs: ["link ifb"] },
  options: {
    family,
    rates: {
      both: { config: { ...ingress, ...egress }, effects: [toContainer, fromContainer] },
      ingress: { config: ingress, effects: [toContainer] },
      egress: { config: egress, effects: [fromContainer] },
      "runtimeConfig, both": { ...said({ ...ingress, ...egress }), effects: [toContainer, fromContainer] },
      "runtimeConfig, ingress": { ...said(ingress), effects: [toContainer] },
      "runtimeConfig, egress": { ...said(egress), effects: [fromContainer] },
      zero: said({ ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }),
      none: {},
    },
  },
  reach: () => ({ host: { via: "ncx$INDEX" } }),
};
