import type { ExternalHost } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { addressOf } from "#harness/core/ip.ts";
import { startOpenVswitch, stopOpenVswitch } from "#harness/host/setup/open-vswitch.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { dataWireOf } from "#harness/observe/data-wire.ts";
import { addNamespace, peerIn } from "#harness/observe/outside-host.ts";
import type { Peer } from "#harness/observe/probe/service.ts";

const bridge = "ncwire";

/** The wire that the nodes' data interfaces are on, to which hosts outside of the cluster can be attached. */
export interface Wire {
  /**
   * A host on the wire with this address (CIDR): in a VLAN when `tag` is given (1–4094), else untagged.
   * It lives in a network namespace of its own and goes with `scope`.
   */
  attach(scope: Scope, name: string, place: { address: string; tag?: number }): Promise<Peer>;
}

/**
 * Puts a switch on the external host's data interface, so that hosts can be attached to the wire in any VLAN.
 * Needs Open vSwitch there, with or without its kernel module; removed when `scope` closes.
 */
export async function openWire(scope: Scope, external: ExternalHost): Promise<Wire> {
  const device = dataWireOf(external);
  if (await startOpenVswitch(external)) {
    scope.defer(`Open vSwitch on ${external.name}`, () => stopOpenVswitch(external));
  }
  const kernel = (await external.exec(["test", "-d", "/sys/module/openvswitch"])).code === 0;
  await external.run([
    ...["ovs-vsctl", "--timeout=10", "--may-exist", "add-br", bridge],
    ...["--", "set", "bridge", bridge, `datapath_type=${kernel ? "system" : "netdev"}`],
    ...["--", "--may-exist", "add-port", bridge, device],
  ]);
  scope.defer(`the switch on ${external.name}`, () =>
    external.run(["ovs-vsctl", "--timeout=10", "--if-exists", "del-br", bridge]),
  );
  return { attach: (inner, name, place) => attach(inner, external, name, place) };
}

async function attach(
  scope: Scope,
  external: ExternalHost,
  name: string,
  { address, tag }: { address: string; tag?: number },
): Promise<Peer> {
  const port = `${name}-sw`;
  await addNamespace(scope, external, name);
  await external.run(["ip", "link", "add", port, "type", "veth", "peer", "name", name, "netns", name]);
  await external.run(["ip", "link", "set", port, "up"]);
  // Without any tag the port would be a trunk; tag 0 is what is untagged on the wire.
  await withUndo(
    scope,
    external,
    ["ovs-vsctl", "--timeout=10", "add-port", bridge, port, "vlan_mode=access", `tag=${tag ?? 0}`],
    ["ovs-vsctl", "--timeout=10", "--if-exists", "del-port", bridge, port],
  );
  // An engine without userland proxy lets its bridges send broadcasts back to where they came from; the switch would
  // learn its own host on the data interface.
  const mac = (
    await external.run(["ip", "netns", "exec", name, "cat", `/sys/class/net/${name}/address`])
  ).trim();
  const { device } = external.interfaces.data;
  await external.run(["ovs-ofctl", "add-flow", bridge, `in_port=${device},dl_src=${mac},actions=drop`]);
  await external.run(["ip", "-n", name, "address", "add", address, "dev", name]);
  await external.run(["ip", "-n", name, "link", "set", name, "up"]);
  // The userspace datapath hands on checksums that were left to hardware which is not there.
  await external.run(["ip", "netns", "exec", name, "ethtool", "-K", name, "tx", "off"]);
  return peerIn(scope, external, { netns: name, ip: addressOf(address) });
}
