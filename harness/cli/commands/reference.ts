import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Table from "cli-table3";
import { type Command, Option } from "commander";
import { AdminClient } from "#drivers/reference/admin/client.ts";
import { serveNamespaces } from "#drivers/reference/cni/serve.ts";
import { referenceCniFaults } from "#drivers/reference/faults/tables/cni.ts";
import { cnmFaultNames } from "#drivers/reference/faults/tables/cnm.ts";
import { referenceFaultNames } from "#drivers/reference/faults/tables/network.ts";
import { localNode, readInventory } from "#drivers/reference/hosts.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { ReferenceService } from "#drivers/reference/service.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { UsageError } from "#harness/core/errors.ts";

const defaultAdmin = join(tmpdir(), "netconform-reference.sock");
const faultNames: readonly string[] = [
  ...cnmFaultNames,
  ...referenceFaultNames,
  ...Object.keys(referenceCniFaults),
];

const program = newCommand("npm run reference --")
  .description("The reference plugin by itself, for plain `docker network create -d netconform …`.")
  .option("--admin <socket>", "admin socket of the plugin, on this machine", defaultAdmin)
  .addHelpText(
    "after",
    `
Start it, then on every node:
  docker network create -d netconform --ipam-driver netconform --subnet 10.1.2.0/24 -o network=web web
With -o: network, tenant (also as --ipam-opt), encap (vxlan or vlan), tag, group.
Names across nodes: docker run --dns "$(npm run -s reference -- net resolver web)" --net web …`,
  );

interface ServeOptions {
  inventory?: string;
  local?: boolean;
  control: string;
  data: string;
  name: string;
  socket?: string;
  state?: string;
  dataplane: "ovs" | "links";
  vxlanPort: number;
  fault: string[];
}

program
  .command("serve")
  .description("serves the engines of the hosts until Ctrl-C; what it made stays, unless --state is left out")
  .addOption(new Option("--inventory <file>", "YAML file with the nodes and how to reach them over SSH"))
  .addOption(new Option("--local", "this machine is the only node").conflicts("inventory"))
  .option("--control <interface>", "with --local: interface that carries VXLAN", "eth1")
  .option("--data <interface>", "with --local: interface that carries VLAN networks", "eth2")
  .option("--name <driver>", "name of the driver", "netconform")
  .option("--socket <path>", "the plugin's socket on the nodes; default: /run/docker/plugins/NAME.sock")
  .option("--state <file>", "where networks, endpoints and policies outlive the plugin")
  .addOption(
    new Option("--dataplane <kind>", "links makes interfaces only and needs no Open vSwitch")
      .choices(["ovs", "links"])
      .default("ovs"),
  )
  .addOption(new Option("--vxlan-port <port>", "UDP port of VXLAN").default(4789).argParser(Number))
  .option("--fault <name...>", "break it on purpose; `fault ls` lists the names", [])
  .action((options: ServeOptions) => runMain(() => serve(options)));

program
  .command("serve-cni <folder>")
  .description(
    "puts the plugin's CNI executable into a folder and serves this machine's network namespaces that call it, without any network between them: for suites/cni",
  )
  .option("--fault <name...>", "break it on purpose; `fault ls` lists the names", [])
  .action((folder: string, options: { fault: string[] }) => runMain(() => serveCni(folder, options.fault)));

const tenant = program.command("tenant").description("tenants");
tenant.command("create <name>").action((name: string) => change("createTenant", { name }));
tenant.command("rm <name>").action((name: string) => change("deleteTenant", { name }));
tenant
  .command("ls")
  .action(() => show(["Name"], async (admin) => (await admin.call("listTenants", {})).map((name) => [name])));

const net = program.command("net").description("networks; engines create them");
net
  .command("ls")
  .option("-t, --tenant <tenant>")
  .action((options: { tenant?: string }) =>
    show(["Tenant", "Network", "Encap type", "Packet tag", "Subnet", "Gateway"], async (admin) =>
      (await admin.call("listNetworks", options)).map((one) => [
        ...[one.tenant, one.name, one.encap, String(one.tag), one.subnet, one.gateway],
      ]),
    ),
  );
net
  .command("resolver <network>")
  .description("prints the address at which the network's containers find each other's names")
  .option("-t, --tenant <tenant>")
  .action((network: string, options: { tenant?: string }) =>
    ask(async (admin) => {
      const address = await admin.call("resolverOf", { network, ...options });
      if (address === "") throw new Refusal(`network "${network}" is unknown`);
      process.stdout.write(`${address}\n`);
    }),
  );

interface RuleOptions {
  tenant?: string;
  direction: "in" | "out";
  protocol: "tcp" | "udp" | "icmp" | "any";
  action: "allow" | "deny";
  port: number;
  priority: number;
  peerGroup?: string;
  peerNetwork?: string;
  peerAddress?: string;
}

const policy = program.command("policy").description("policies and their rules");
withTenant(policy.command("create <name>")).action((name: string, options) =>
  change("createPolicy", { name, ...options }),
);
withTenant(policy.command("rm <name>")).action((name: string, options) =>
  change("deletePolicy", { name, ...options }),
);
withTenant(policy.command("ls")).action((options) =>
  show(["Tenant", "Policy"], async (admin) =>
    (await admin.call("listPolicies", options)).map((one) => [one.tenant, one.name]),
  ),
);
withTenant(policy.command("rule-add <policy> <rule>"))
  .addOption(new Option("--direction <direction>").choices(["in", "out"]).default("in"))
  .addOption(new Option("--protocol <protocol>").choices(["tcp", "udp", "icmp", "any"]).default("any"))
  .addOption(new Option("--action <action>").choices(["allow", "deny"]).makeOptionMandatory())
  .addOption(new Option("--port <port>", "0 is every port").default(0).argParser(Number))
  .addOption(new Option("--priority <priority>", "1 to 100, the higher wins").default(1).argParser(Number))
  .option("--peer-group <group>")
  .option("--peer-network <network>")
  .option("--peer-address <address>", "address or CIDR")
  .action((name: string, id: string, options: RuleOptions) => {
    const { tenant, peerGroup, peerNetwork, peerAddress, ...rule } = options;
    const peer = {
      ...(peerGroup ? { group: peerGroup } : {}),
      ...(peerNetwork ? { network: peerNetwork } : {}),
      ...(peerAddress ? { address: peerAddress } : {}),
    };
    return change("addRule", { tenant, policy: name, rule: { ...rule, id, peer } });
  });
withTenant(policy.command("rule-rm <policy> <rule>")).action((name: string, id: string, options) =>
  change("removeRule", { policy: name, id, ...options }),
);
withTenant(policy.command("rule-ls <policy>")).action((name: string, options) =>
  show(["Rule", "Direction", "Priority", "Peer", "Protocol", "Port", "Action"], async (admin) =>
    (await admin.call("listRules", { policy: name, ...options })).map((rule) => [
      ...[rule.id, rule.direction, String(rule.priority), Object.values(rule.peer).join(" ")],
      ...[rule.protocol, String(rule.port), rule.action],
    ]),
  ),
);

const group = program.command("group").description("groups of containers that policies bind");
withTenant(group.command("create <network> <group>"))
  .option("--policy <name...>", "policies of the tenant", [])
  .action(
    (
      network: string,
      name: string,
      { policy: policies, ...options }: { policy: string[]; tenant?: string },
    ) => change("createGroup", { network, name, policies, ...options }),
  );
withTenant(group.command("rm <group>")).action((name: string, options) =>
  change("deleteGroup", { name, ...options }),
);
withTenant(group.command("ls")).action((options) =>
  show(["Tenant", "Group", "Network", "Policies"], async (admin) =>
    (await admin.call("listGroups", options)).map((one) => [
      one.tenant,
      one.name,
      one.network,
      one.policies.join(","),
    ]),
  ),
);

const fault = program.command("fault").description("faults, to see what a broken plugin looks like");
fault.command("ls").action(() =>
  show(["Fault", "On"], async (admin) => {
    const on = await admin.call("listFaults", {});
    return faultNames.map((name) => [name, on.includes(name) ? "yes" : ""]);
  }),
);
fault
  .command("set [name...]")
  .description("switches exactly these on; none without a name")
  .action((names: string[]) => change("setFaults", { names: knownFaults(names) }));
program
  .command("restart")
  .description("starts the plugin again from its state file")
  .action(() => change("restart", {}));

export { program as command };

async function serve(options: ServeOptions): Promise<number> {
  const { inventory, local, control, data, name, socket, state, dataplane, vxlanPort } = options;
  if (!inventory && !local) throw new UsageError("serve needs --inventory FILE or --local");
  const nodes = inventory ? readInventory(inventory) : [await localNode(control, data)];
  const service = new ReferenceService(nodes, {
    ...{ name, dataplane, vxlanPort, adminSocket: program.opts().admin },
    ...(socket ? { socket } : {}),
    ...(state ? { stateFile: state } : {}),
  });
  for (const one of knownFaults(options.fault)) service.plugin.faults.add(one);
  await service.start();
  process.stderr.write(`${name} serves ${nodes.map((node) => node.host.name).join(", ")}; Ctrl-C ends it\n`);
  await endAsked();
  await (state ? service.stop() : service.uninstall());
  process.exit(0);
}

async function serveCni(folder: string, faults: readonly string[]): Promise<number> {
  const served = await serveNamespaces(resolve(folder), knownFaults(faults));
  process.stderr.write(`${served.path} can be called; Ctrl-C ends it\n`);
  await endAsked();
  await served.close();
  process.exit(0);
}

/** Resolves when the process is told to end. */
function endAsked(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
}

function knownFaults(names: readonly string[]): string[] {
  const unknown = names.find((one) => !faultNames.includes(one));
  if (unknown) throw new UsageError(`fault ${unknown} is unknown`, { hint: "npm run reference -- fault ls" });
  return [...names];
}

function withTenant(command: Command): Command {
  return command.option("-t, --tenant <tenant>", "default: the default tenant");
}

function change<Name extends Parameters<AdminClient["call"]>[0]>(
  name: Name,
  given: Parameters<typeof AdminClient.prototype.call<Name>>[1],
): Promise<void> {
  return ask(async (admin) => {
    await admin.call(name, given);
  });
}

function show(columns: string[], rows: (admin: AdminClient) => Promise<string[][]>): Promise<void> {
  return ask(async (admin) => {
    const table = new Table({ head: columns, style: { head: [] } });
    table.push(...(await rows(admin)));
    process.stdout.write(`${table.toString()}\n`);
  });
}

function ask(work: (admin: AdminClient) => Promise<void>): Promise<void> {
  return runMain(async () => {
    try {
      await work(new AdminClient(program.opts().admin));
    } catch (error) {
      if (error instanceof Refusal) throw new UsageError(error.message);
      throw error;
    }
    return 0;
  });
}
