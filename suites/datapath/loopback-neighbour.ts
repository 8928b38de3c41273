import type { ClusterNode, ExternalHost } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance, NothingSeen } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { addNamespace, peerIn } from "#harness/observe/outside-host.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";

const name = "ncbeside";

/**
 * A host on the link of the node's management interface that sends to the node what is for `loopback`, and takes what comes from there. Every
 * host has its own loopback first: this one has none, in a network namespace of the external host. It goes with `scope`.
 * Throws `NothingSeen` where the external host's kernel or link carries no second host.
 */
export async function attachBeside(
  scope: Scope,
  external: ExternalHost,
  node: ClusterNode,
  loopback: string,
): Promise<Peer> {
  const ip = nthAddress(freshSubnet(), 0xf1);
  const { device: wire } = external.interfaces.management;
  const { device, address } = node.interfaces.management;
  await addNamespace(scope, external, name);
  const link = ["ip", "link", "add", "link", wire, "name", name, "netns", name, "type", "macvlan"];
  const added = await external.exec([...link, "mode", "bridge"]);
  if (added.code !== 0) throw new NothingSeen(`${external.name}: no macvlan device: ${added.stderr.trim()}`);
  const inside = [
    `address add ${ip}/32 dev ${name}`,
    `link set ${name} up`,
    `route add ${address} dev ${name}`,
    `route add ${loopback} via ${address} dev ${name} onlink`,
  ];
  await external.run(["ip", "-n", name, "-batch", "-"], { input: `${inside.join("\n")}\n` });
  // Without it answers from a loopback address are dropped where they arrive.
  const takes = ["sysctl", "--write", `net.ipv4.conf.${name}.route_localnet=1`];
  await external.run(["ip", "netns", "exec", name, ...takes]);
  const route = (verb: string) => ["ip", "-4", "route", verb, ip, "dev", device];
  await withUndo(scope, node, route("replace"), route("del"));
  const peer = await peerIn(scope, external, { netns: name, ip });
  await expectPing(peer, { name: node.name, ip: address }).catch((error: unknown) => {
    if (!(error instanceof Nonconformance)) throw error;
    throw new NothingSeen(
      `${node.name} has no link with a second host of ${external.name}: ${error.message}`,
    );
  });
  return peer;
}
