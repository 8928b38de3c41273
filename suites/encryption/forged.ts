import { Nonconformance } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { encodeFrame, encodeVxlan } from "#harness/observe/capture/encode.ts";
import { observe } from "#harness/observe/probe/control.ts";
import { untilSeen } from "#harness/observe/probe/expectation.ts";
import type { Peer, ProbeService } from "#harness/observe/probe/service.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** VXLAN that a host sends as though it came from a container of the network. */
export interface Forged {
  /** Who sends it, bare, to the address by which it reaches the node of `to`. */
  readonly from: Peer;
  /** Whose address it bears inside. */
  readonly like: Workload;
  readonly to: Workload;
  /** A UDP server in `to`, whose log tells what arrived. */
  readonly server: ProbeService;
  readonly vni: number;
}

/** IANA's port of VXLAN (RFC 7348, section 5). */
const vxlanPort = 4789;
/** Locally administered: what a VXLAN device knows to be elsewhere it drops by itself. */
const unknownMac = "02:6e:63:00:00:01";

/** Sends one datagram after the other until one has arrived. Throws `Nonconformance` when none does before the deadline. */
export async function expectForged(forged: Forged): Promise<void> {
  await untilSeen({
    who: describe(forged),
    expected: "to arrive",
    deadlineMs: 10_000,
    look: () => send(forged),
    accept: (arrived): arrived is true => arrived,
    describe: () => "nothing in the log of the server there",
  });
}

/** Passes when none of the datagrams of a window has arrived. Throws `Nonconformance` when one has. */
export async function expectNoForged(forged: Forged): Promise<void> {
  const observed = await observe(
    describe(forged),
    {},
    () => send(forged),
    (arrived) => !arrived,
  );
  if (!observed.held) throw arrivalOf(forged);
}

/** Throws `Nonconformance` when anything forged is in the log of the server there. */
export async function expectNoneForged(forged: Forged): Promise<void> {
  if (await hasArrived(forged)) throw arrivalOf(forged);
}

/** Sends a datagram, and says whether any is in the server's log; one that comes a little later is there at the next look. */
async function send(forged: Forged): Promise<boolean> {
  const { from, like, to, server, vni } = forged;
  const marker = uniqueMarker();
  const [port = 0] = server.ports;
  const inner = encodeFrame({
    ...{ source: unknownMac, destination: to.mac, from: like.ip, to: to.ip, port },
    payload: `${forgedMark}${marker}\n`,
  });
  const agent = await from.agent();
  const { address } = to.node.interfaces.management;
  await agent.send({ address, port: vxlanPort, payload: encodeVxlan(vni, inner) });
  return hasArrived(forged);
}

async function hasArrived({ server }: Forged): Promise<boolean> {
  const log = await server.listener.received();
  return log.some(({ nonce }) => nonce?.startsWith(forgedMark));
}

function arrivalOf(forged: Forged): Nonconformance {
  return new Nonconformance({ who: describe(forged), expected: "dropped", got: "arrived at the container" });
}

const forgedMark = "forged-";

function describe({ from, to, vni }: Forged): string {
  return `bare VXLAN with VNI ${vni} from ${from.name} for ${to.name} on ${to.node.name}`;
}
