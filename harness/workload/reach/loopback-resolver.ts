import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { withUndo } from "#harness/host/with-undo.ts";

/** Not 127.0.0.53: engines take that for systemd-resolved, and ask the servers that it has instead. */
const address = "127.0.0.2";
const pidFile = "/run/netconform-loopback.pid";
const configuration = "/run/netconform-loopback.conf";
const resolvConf = "/etc/resolv.conf";

/** A name server on a node's loopback. */
export interface LoopbackResolver {
  /** A name that it alone knows, and its addresses. RFC 6761 reserves `.test`, RFC 5737 the address. */
  readonly known: { readonly name: string; readonly addresses: readonly string[] };
  /** Where the node itself asks it. */
  readonly nameserver: string;
}

/**
 * Starts a name server on the loopback of a node, which has no other one until `scope` closes; engines read that when a container starts.
 * Throws `Unsupported`, with nothing done, on a host that the project did not make, where others ask its resolver.
 */
export async function resolveOnLoopback(scope: Scope, node: ClusterNode): Promise<LoopbackResolver> {
  if (!(await node.files.exists(nodeEngineCommand))) {
    throw new Unsupported(`${node.name} keeps its resolver: others may ask it`);
  }
  const known = { name: "only-here.netconform.test", addresses: ["192.0.2.53"] };
  await withUndo(
    scope,
    node,
    [
      ...["dnsmasq", "--conf-file=/dev/null", "--user=root", "--no-resolv", "--no-hosts"],
      ...[`--listen-address=${address}`, "--bind-interfaces", `--pid-file=${pidFile}`],
      `--address=/${known.name}/${known.addresses[0]}`,
    ],
    ["pkill", "--pidfile", pidFile],
  );
  await node.files.write(configuration, `nameserver ${address}\n`);
  scope.defer(`${configuration} on ${node.name}`, () => node.files.remove(configuration));
  // The file of a container cannot be replaced, and that of systemd is a link.
  await withUndo(scope, node, ["mount", "--bind", configuration, resolvConf], ["umount", resolvConf]);
  return { known, nameserver: address };
}
