import { formatPolicies, formatRules } from "#drivers/kit/netctl/listings.ts";
import { logLine } from "#drivers/kit/netctl/messages.ts";
import { BadArguments, oneOf } from "./arguments.ts";
import { listing, type NetctlCall, type NetctlCommands, numberOf, tenantFlag } from "./command.ts";

const directions = ["in", "out"] as const;
const protocols = ["tcp", "udp", "icmp", "any"] as const;
const actions = ["allow", "deny"] as const;
const peers = ["group", "network", "address"] as const;

export const policyCommands: NetctlCommands = {
  "policy create": {
    says: "makes a policy",
    words: ["POLICY"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [name = ""] }) {
      await admin.call("createPolicy", { tenant, name });
      return logLine("INFO", `Creating policy ${tenant}:${name}`);
    },
  },
  "policy ls": listing("lists policies", {
    ofTenant: true,
    list: ({ admin }, chosen) => admin.call("listPolicies", chosen),
    nameOf: ({ name }) => name,
    format: formatPolicies,
  }),
  "policy rm": {
    says: "removes a policy that no group is bound by",
    words: ["POLICY"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [name = ""] }) {
      await admin.call("deletePolicy", { tenant, name });
      return logLine("INFO", `Deleting policy ${tenant}:${name}`);
    },
  },
  "policy rule-add": {
    says: "adds a rule; default: of incoming connections (in), of every protocol and port, of priority 1",
    words: ["POLICY", "RULE"],
    flags: [
      tenantFlag,
      { name: "direction", as: ["d", "direction"], value: directions.join("|") },
      { name: "protocol", as: ["l", "protocol"], value: protocols.join("|") },
      { name: "port", as: ["P", "port"], value: "PORT" },
      { name: "action", as: ["j", "action"], value: actions.join("|") },
      { name: "priority", as: ["p", "priority"], value: "1..100" },
      { name: "group", as: ["g", "from-group", "e", "to-group", "peer-group"], value: "GROUP" },
      { name: "network", as: ["n", "from-network", "o", "to-network", "peer-network"], value: "NETWORK" },
      { name: "address", as: ["i", "from-ip-address", "s", "to-ip-address", "peer-address"], value: "CIDR" },
    ],
    run: addRule,
  },
  "policy rule-ls": listing("lists the rules of a policy, those of each direction by themselves", {
    ofTenant: true,
    words: ["POLICY"],
    list: ({ admin, tenant, words: [policy = ""] }) => admin.call("listRules", { tenant, policy }),
    nameOf: ({ id }) => id,
    format: formatRules,
  }),
  "policy rule-rm": {
    says: "removes a rule",
    words: ["POLICY", "RULE"],
    flags: [tenantFlag],
    async run({ admin, tenant, words: [policy = "", id = ""] }) {
      await admin.call("removeRule", { tenant, policy, id });
      return "";
    },
  },
};

async function addRule({ admin, tenant, words: [policy = "", id = ""], flags }: NetctlCall): Promise<string> {
  const { direction = "in", protocol = "any", port = "0", action, priority = "1" } = flags;
  if (action === undefined) throw new BadArguments(`-action: expected ${actions.join(" or ")}, got nothing`);
  const named = peers.flatMap((peer) => (flags[peer] ? [[peer, flags[peer]] as const] : []));
  const rule = {
    id,
    direction: oneOf("direction", direction, directions),
    protocol: oneOf("protocol", protocol, protocols),
    action: oneOf("action", action, actions),
    port: numberOf("port", port),
    priority: numberOf("priority", priority),
    peer: Object.fromEntries(named),
  };
  await admin.call("addRule", { tenant, policy, rule });
  return "";
}
