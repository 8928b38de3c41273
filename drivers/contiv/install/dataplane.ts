import { hasKernelDatapath, openVSwitch } from "#drivers/kit/nodes/open-vswitch.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Host } from "#harness/host/host.ts";
import { withUndo } from "#harness/host/with-undo.ts";

/** Contiv's bridges, by the names that netplugin gives them. */
export const bridges = ["contivVxlanBridge", "contivVlanBridge"] as const;
/** The netdev bridge under the tunnels of a userspace datapath. */
const underlayBridge = "contivUnderlay";
const openFlow = "OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13";

const vsctl = (...argv: string[]) => ["ovs-vsctl", "--timeout=10", ...argv];

/**
 * Starts Open vSwitch on a node and resolves to the address at which its VXLAN tunnels end: the control address. Without the
 * kernel's module the bridges must exist before netplugin, with the userspace datapath, or it waits without
 * end; and tunnels need an underlay that is a userspace bridge, too. For that the control interface becomes a
 * port of one that has a tunnel address of its own, on the same wire: the control address stays where it is.
 */
export async function prepareDataplane(scope: Scope, node: ClusterNode, number: number): Promise<string> {
  await openVSwitch(scope, node);
  scope.defer(`Contiv's bridges on ${node.name}`, () =>
    node.run(vsctl(...bridges.flatMap((bridge) => ["--", "--if-exists", "del-br", bridge]))),
  );
  const { device, address } = node.interfaces.control;
  if (await hasKernelDatapath(node)) return address;
  for (const bridge of bridges) {
    await node.run(
      vsctl(
        ...["--may-exist", "add-br", bridge, "--", "set", "bridge", bridge],
        ...["datapath_type=netdev", "fail_mode=secure", `protocols=${openFlow}`],
      ),
    );
  }
  const tunnelEnd = `169.254.96.${number}`;
  if ((await node.exec(["ip", "link", "show", "dev", underlayBridge])).code === 0) return tunnelEnd;
  // A MAC other than the port's, and no answers for the other's address, or the wire would see both.
  const mac = `02:6e:63:60:00:${number.toString(16).padStart(2, "0")}`;
  await withUndo(
    scope,
    node,
    vsctl(
      ...["add-br", underlayBridge, "--", "set", "bridge", underlayBridge, "datapath_type=netdev"],
      ...[`other_config:hwaddr="${mac}"`, "--", "add-port", underlayBridge, device],
    ),
    vsctl("--if-exists", "del-br", underlayBridge),
  );
  for (const one of [device, underlayBridge]) await answerForItself(scope, node, one);
  await node.run(["ip", "address", "add", `${tunnelEnd}/24`, "dev", underlayBridge]);
  await node.run(["ip", "link", "set", underlayBridge, "addrgenmode", "none", "up"]);
  return tunnelEnd;
}

/**
 * Takes every flow and group out of Contiv's bridges on a node, for a netplugin that does not run: it writes its own again when it
 * starts, and leaves those of endpoints that it had lost. They would send to ports that are others by then.
 */
export async function clearFlows(node: Host): Promise<void> {
  const ofctl = ["ovs-ofctl", "--timeout=10", `--protocols=${openFlow}`];
  for (const bridge of bridges) {
    for (const what of ["del-flows", "del-groups"]) await node.exec([...ofctl, what, bridge]);
  }
}

/** Whether Contiv's bridges on the node are userspace ones, which hand on TCP without checksums unless containers fill them in. */
export async function isUserspace(node: Host): Promise<boolean> {
  const shown = await node.exec(vsctl("get", "bridge", bridges[0], "datapath_type"));
  return shown.stdout.includes("netdev");
}

async function answerForItself(scope: Scope, node: Host, device: string): Promise<void> {
  const name = `net/ipv4/conf/${device}/arp_ignore`;
  const before = (await node.files.readText(`/proc/sys/${name}`)).trim();
  await withUndo(
    scope,
    node,
    ["sysctl", "-q", `${name}=1`],
    ["sh", "-c", `sysctl -q ${name}=${before} 2>/dev/null || true`],
  );
}
