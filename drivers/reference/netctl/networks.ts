import { formatNetworks } from "#drivers/kit/netctl/listings.ts";
import { logLine } from "#drivers/kit/netctl/messages.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { oneOf } from "./arguments.ts";
import { listing, type NetctlCall, type NetctlCommands, numberOf, tenantFlag } from "./command.ts";

const encaps = ["vxlan", "vlan"] as const;

export const networkCommands: NetctlCommands = {
  "net create": {
    says: "makes a network, on the engine of every node",
    words: ["NETWORK"],
    flags: [
      tenantFlag,
      { name: "subnet", as: ["s", "subnet"], value: "CIDR" },
      { name: "gateway", as: ["g", "gateway"], value: "ADDRESS" },
      { name: "subnet6", as: ["s6", "subnetv6"], value: "CIDR" },
      { name: "encap", as: ["e", "encap"], value: encaps.join("|") },
      { name: "tag", as: ["p", "pkt-tag"], value: "TAG" },
    ],
    run: createNetwork,
  },
  "net ls": listing("lists networks; of a VXLAN network only -j tells the VNI", {
    ofTenant: true,
    list: ({ admin }, chosen) => admin.call("listNetworks", chosen),
    nameOf: ({ name }) => name,
    format: formatNetworks,
  }),
  "net resolver": {
    says: "prints the address at which the network's containers find each other's names",
    words: ["NETWORK"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [network = ""] }) {
      const address = await admin.call("resolverOf", { tenant, network });
      if (address === "") throw new Refusal(`network "${network}" is unknown in tenant ${tenant}`);
      return `${address}\n`;
    },
  },
  "net rm": {
    says: "removes a network from every node",
    words: ["NETWORK"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [name = ""] }) {
      await admin.call("removeNetwork", { tenant, name });
      return logLine("INFO", `Deleting network ${tenant}:${name}`);
    },
  },
};

async function createNetwork({ admin, tenant, words: [name = ""], flags }: NetctlCall): Promise<string> {
  const { subnet, gateway, subnet6, encap, tag } = flags;
  await admin.call("makeNetwork", {
    tenant,
    name,
    ...(subnet === undefined ? {} : { subnet }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(subnet6 === undefined ? {} : { subnet6 }),
    ...(encap === undefined ? {} : { encap: oneOf("encap", encap, encaps) }),
    ...(tag === undefined ? {} : { tag: numberOf("pkt-tag", tag) }),
  });
  return logLine("INFO", `Creating network ${tenant}:${name}`);
}
