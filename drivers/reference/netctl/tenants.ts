import { formatGroups, formatTenants } from "#drivers/kit/netctl/listings.ts";
import { logLine } from "#drivers/kit/netctl/messages.ts";
import { listing, type NetctlCommands, tenantFlag } from "./command.ts";

/** Tenants, and their groups of containers. */
export const tenantCommands: NetctlCommands = {
  "tenant create": {
    says: "makes a tenant",
    words: ["TENANT"],
    flags: [],
    async run({ admin, words: [name = ""] }) {
      await admin.call("createTenant", { name });
      return logLine("INFO", `Creating tenant: ${name}`);
    },
  },
  "tenant ls": listing("lists tenants", {
    ofTenant: false,
    list: ({ admin }) => admin.call("listTenants", {}),
    nameOf: (name) => name,
    format: formatTenants,
  }),
  "tenant rm": {
    says: "removes a tenant that nothing belongs to",
    words: ["TENANT"],
    flags: [],
    async run({ admin, words: [name = ""] }) {
      await admin.call("deleteTenant", { name });
      return logLine("INFO", `Deleting tenant: ${name}`);
    },
  },
};

export const groupCommands: NetctlCommands = {
  "group create": {
    says: "makes a group of containers that policies bind, as a network on the engine of every node",
    words: ["NETWORK", "GROUP"],
    flags: [tenantFlag, { name: "policy", as: ["p", "policy"], value: "POLICY", repeats: true }],
    async run({ admin, tenant, words: [network = "", name = ""], lists }) {
      await admin.call("makeGroup", { tenant, network, name, policies: [...(lists.policy ?? [])] });
      return logLine("INFO", `Creating EndpointGroup ${tenant}:${name}`);
    },
  },
  "group ls": listing("lists groups", {
    ofTenant: true,
    list: ({ admin }, chosen) => admin.call("listGroups", chosen),
    nameOf: ({ name }) => name,
    format: formatGroups,
  }),
  "group rm": {
    says: "removes a group, and its network from every node",
    words: ["GROUP"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [name = ""] }) {
      await admin.call("removeGroup", { tenant, name });
      return logLine("INFO", `Deleting EndpointGroup ${tenant}:${name}`);
    },
  },
};
