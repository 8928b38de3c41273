import { family, type OptionSpace } from "#harness/tools/cni-space/option.ts";

export const loopback: OptionSpace = {
  plugin: "loopback",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/main/loopback/",
  standsAlone: true,
  base: {
    ifName: "lo",
    effects: [
      { what: "an interface that is up", line: "ip -n $NETNS link show dev lo", shows: /[<,]UP[,>]/ },
    ],
  },
  options: {
    family: {
      ...family,
      IPv4: { effects: [own("127.0.0.1/8")] },
      IPv6: { effects: [own("::1/128")] },
      "dual stack": { effects: [own("127.0.0.1/8"), own("::1/128")] },
    },
  },
};

function own(address: string) {
  return {
    what: `${address} on lo`,
    line: "ip -n $NETNS -o address show dev lo",
    shows: new RegExp(` ${address.replaceAll(".", "\\.")} `),
  };
}
