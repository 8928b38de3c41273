import { connect } from "node:net";
import { bridgesOf } from "#harness/cluster/containers/labels.ts";
import { scanHostKey } from "#harness/host/ssh/ssh-dial.ts";
import type { SshTarget } from "#harness/host/ssh/ssh-target.ts";

/** A host behind a bridge of this machine answers within milliseconds; packets without a route may just be lost. */
const connectMs = 1_000;

/**
 * Whether this machine reaches the hosts of a cluster at their own addresses. It does where the bridges of its networks are
 * here. Elsewhere somebody else may have the address, so what answers must have the host's key as well.
 */
export async function hasRoute(id: string, host: SshTarget): Promise<boolean> {
  if (bridgesOf(id).length > 0) return true;
  if (!(await accepts(host.address, host.port))) return false;
  const key = await scanHostKey(host).catch(() => undefined);
  return host.hostKeys.some((known) => known.split(" ").slice(0, 2).join(" ") === key);
}

/** Whether something accepts a TCP connection there in time. */
function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: connectMs });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("timeout", end(false)).once("error", end(false));
  });
}
