import {
  addressFor,
  asked,
  askFor,
  networks,
  routesOf,
  staticDns,
} from "#harness/tools/cni-space/addresses.ts";
import { type Effect, family, type OptionSpace, type Place } from "#harness/tools/cni-space/option.ts";

const given = (starts: readonly number[]) => (place: Place) => ({
  addresses: starts.flatMap((from) =>
    place.families.map((version) => ({
      address: `${addressFor(version, place.index, from)}/${networks[version].prefix}`,
      gateway: networks[version].gateway,
    })),
  ),
});
const gateways: Effect = {
  what: "the gateways that were given",
  told: ({ ips = [] }) =>
    ips.every(({ address, gateway }) => gateway === networks[address.includes(":") ? 6 : 4].gateway),
};

export const fixed: OptionSpace = {
  plugin: "static",
  kind: "ipam",
  source: "https://www.cni.dev/plugins/current/ipam/static/",
  base: { ipam: { type: "static" } },
  options: {
    family,
    addresses: {
      given: { ipam: given([10]), effects: [gateways] },
      "two of each": {
        ipam: given([10, 90]),
        effects: [
          gateways,
          {
            what: "two addresses of each IP version",
            told: ({ ips = [] }, { families }) => ips.length === 2 * families.length,
          },
        ],
      },
      CNI_ARGS: {
        args: (place) => ({
          IgnoreUnknown: "1",
          IP: askFor.cidrs(place).join(","),
          GATEWAY: place.families.map((version) => networks[version].gateway).join(","),
        }),
        effects: [asked, gateways],
      },
      "args.cni ips": {
        config: (place) => ({ args: { cni: { ips: askFor.cidrs(place) } } }),
        effects: [asked],
      },
      "runtimeConfig ips": { capabilities: (place) => ({ ips: askFor.cidrs(place) }), effects: [asked] },
    },
    routes: routesOf("answered"),
    dns: staticDns,
  },
};
