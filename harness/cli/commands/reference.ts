import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Argument, Option } from "commander";
import { exits } from "#drivers/kit/netctl/messages.ts";
import { formatTable } from "#drivers/kit/netctl/table.ts";
import { AdminClient } from "#drivers/reference/admin/client.ts";
import { serveNamespaces } from "#drivers/reference/cni/serve.ts";
import { churnFaultNames } from "#drivers/reference/faults/churn/table.ts";
import { referenceCniFaults } from "#drivers/reference/faults/tables/cni.ts";
import { cnmFaultNames } from "#drivers/reference/faults/tables/cnm.ts";
import { referenceFaultNames } from "#drivers/reference/faults/tables/network.ts";
import { nodeFaultNames } from "#drivers/reference/faults/tables/nodes.ts";
import { policyMutantNames } from "#drivers/reference/faults/tables/policy.ts";
import { inventoryNodes, localNode } from "#drivers/reference/hosts.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { usageOfAll } from "#drivers/reference/netctl/command.ts";
import { candidatesAfter, commands, nouns, runNetctl } from "#drivers/reference/netctl/netctl.ts";
import { ReferenceService } from "#drivers/reference/service.ts";
import { completing } from "#harness/cli/completion/candidates.ts";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { readInventory } from "#harness/cluster/hosts/inventory.ts";
import { UsageError } from "#harness/core/errors.ts";
import { typed } from "#harness/core/typed.ts";

const defaultAdmin = join(tmpdir(), "netconform-reference.sock");
const faultNames: readonly string[] = [
  ...cnmFaultNames,
  ...referenceFaultNames,
  ...nodeFaultNames,
  ...churnFaultNames,
  ...policyMutantNames,
  ...Object.keys(referenceCniFaults),
];

const program = newCommand("reference")
  .description("The reference plugin by itself, for plain `docker network create -d netconform …`.")
  .option("--admin <socket>", "admin socket of the plugin, on this machine", defaultAdmin)
  .addHelpText(
    "after",
    `
What the plugin has is listed and changed as with Contiv's netctl; \`net create --help\` tells the flags of one command:
${usageOfAll(commands).replaceAll(/^netctl /gm, "  ")}  version
Networks can be made by the engines as well, on every node:
  docker network create -d netconform --ipam-driver netconform --subnet 10.1.2.0/24 -o network=web web
With -o: network, tenant (also as --ipam-opt), encap (vxlan, vlan or routed), tag, group.
Names across nodes: docker run --dns "$(${typed("reference net resolver web", { silent: true })})" --net web …`,
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
  .addOption(
    new Option("--inventory <file>", "YAML file with the nodes and how to reach them over SSH: docs/ssh.md"),
  )
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
  .addOption(faultOption())
  .action((options: ServeOptions) => runMain(() => serve(options)));

program
  .command("serve-cni <folder>")
  .description(
    "puts the plugin's CNI executable into a folder and serves this machine's network namespaces that call it, without any network between them: for suites/cni",
  )
  .addOption(faultOption())
  .action((folder: string, options: { fault: string[] }) => runMain(() => serveCni(folder, options.fault)));

for (const noun of nouns) {
  program
    .command(noun, { hidden: true })
    .addArgument(completing(new Argument("[arguments...]"), (before) => candidatesAfter([noun, ...before])))
    .allowUnknownOption()
    .helpOption(false)
    .action((given: string[]) => runMain(() => netctl([noun, ...given])));
}

const fault = program.command("fault").description("faults, to see what a broken plugin looks like");
fault.command("ls").action(() =>
  ask(async (admin) => {
    const on = await admin.call("listFaults", {});
    const rows = faultNames.map((name) => [name, on.includes(name) ? "yes" : ""]);
    process.stdout.write(formatTable(["Fault", "On"], rows));
  }),
);
fault
  .command("set")
  .addArgument(completing(new Argument("[name...]"), () => faultNames))
  .description("switches exactly these on; none without a name")
  .action((names: string[]) =>
    ask(async (admin) => {
      await admin.call("setFaults", { names: knownFaults(names) });
    }),
  );
program
  .command("restart")
  .description("starts the plugin again from its state file")
  .action(() =>
    ask(async (admin) => {
      await admin.call("restart", {});
    }),
  );

export { program as command };

function faultOption(): Option {
  const option = new Option("--fault <name...>", "break it on purpose; `fault ls` lists the names");
  return completing(option.default([]), () => faultNames);
}

async function serve(options: ServeOptions): Promise<number> {
  const { inventory, local, control, data, name, socket, state, dataplane, vxlanPort } = options;
  if (!inventory && !local) throw new UsageError("serve needs --inventory FILE or --local");
  const nodes = inventory
    ? await inventoryNodes(readInventory(inventory, `--inventory ${inventory}`))
    : [await localNode(control, data)];
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
  if (unknown) throw new UsageError(`fault ${unknown} is unknown`, { hint: typed("reference fault ls") });
  return [...names];
}

/** A line of netctl, on the plugin that serves. */
async function netctl(given: readonly string[]): Promise<number> {
  const { code, output } = await runNetctl(new AdminClient(program.opts().admin), given);
  (code === exits.success ? process.stdout : process.stderr).write(output);
  return code;
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
