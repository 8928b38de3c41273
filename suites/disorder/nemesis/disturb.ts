import type { InstalledDriver } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { jumpAhead } from "#harness/cluster/engines/loss/clock.ts";
import { type Drops, delayOn, dropOn, wiresOf } from "#harness/cluster/engines/loss/wires.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import type { ExecResult } from "#harness/host/host.ts";
import { type Disturbing, describeDisturbing, type Place } from "#harness/oracle/nemesis/schedule.ts";
import { describeWire, isShown, type OfWires, type WireSeen } from "#harness/oracle/nemesis/shown.ts";
import { killEngine } from "#harness/workload/docker/engine/ends.ts";
import { loseNode } from "#harness/workload/docker/engine/loss.ts";
import type { Inhabitant } from "./inhabitant.ts";

/** Whom a disturbance is done to. */
export interface Disturbed {
  readonly nodes: Readonly<Record<Place, ClusterNode>>;
  readonly driver: InstalledDriver;
  /** Containers of a network of the driver's, one on each node; absent where one of them is not there. */
  readonly ends?: Readonly<Record<Place, Inhabitant>> | undefined;
  /** Whether something lets nothing pass between the nodes already. */
  readonly silent: boolean;
}

const lossPercent = 20;

/**
 * Begins it, and sees that it is there; it ends when `scope` closes. Resolves to what was seen of it. Throws `HarnessError` where
 * nothing is disturbed.
 */
export async function begin(scope: Scope, what: Disturbing, disturbed: Disturbed): Promise<string> {
  const { nodes, driver } = disturbed;
  switch (what.kind) {
    case "engine killed":
      await killEngine(scope, nodes.far);
      return `the engine of ${nodes.far.name} has ended`;
    case "plugin killed":
      if (!driver.stop) throw new HarnessError("the driver has no stop");
      await driver.stop(scope);
      return "the plugin has ended";
    case "node gone": {
      // Closed in the other order: the node is part of the cluster again when its engine is back.
      const givenUp = scope.child("the node that is given up");
      await loseNode(scope.child("the node that is lost"), nodes.far);
      if (what.givenUp) await driver.giveUpNode?.(givenUp, nodes.far);
      return `nothing of ${nodes.far.name} answers any more`;
    }
    case "clock jump":
      await jumpAhead(scope, nodes.far);
      return `the clock of ${nodes.far.name} is an hour ahead`;
    default:
      return beginOnWire(scope, what, disturbed);
  }
}

/** So many echo requests show it. */
const requests: Readonly<Record<OfWires["kind"], number>> = { cut: 3, "one way": 3, loss: 80, delay: 20 };

/**
 * It is seen between the nodes themselves, and between containers where that is the wire of their network and they reach each other: their
 * network may still heal from what was before.
 */
async function beginOnWire(
  scope: Scope,
  what: OfWires,
  { nodes, driver, ends, silent }: Disturbed,
): Promise<string> {
  const node = nodes[what.node];
  const { device } = node.interfaces[what.wire];
  const { address } = nodes.far.interfaces[what.wire];
  const ways = [{ who: `${node.name} ${device}`, from: (argv: Argv) => nodes.near.exec(argv), address }];
  const told: string[] = [];
  if (ends && driver.underlay === what.wire) {
    const far = ends.far.member;
    const who = `${ends.near.member.name} to ${far.name}`;
    const way = { who, from: (argv: Argv) => ends.near.inNetns(argv), address: far.addresses[4] };
    const { received } = await ping(way.from, way.address, requests.cut);
    if (received > 0) ways.push(way);
    else told.push(`${who}: nothing was answered before it either`);
  }
  const drops = await disturbWire(scope, what, node, device);
  for (const { who, from, address } of ways) {
    const before = (await drops?.count()) ?? 0;
    const seen = await ping(from, address, requests[what.kind]);
    const dropped = ((await drops?.count()) ?? 0) - before;
    const words = `${who}: ${describeWire({ ...seen, dropped })}`;
    told.push(words);
    if (isShown(what.kind, { ...seen, dropped }, silent)) continue;
    if (drops?.leaky !== undefined) throw new Blocked(`${words}; ${drops.leaky}`);
    throw new HarnessError(`${describeDisturbing(what)}, which is not seen: ${words}`);
  }
  return told.join("\n");
}

/** Resolves to what it drops, which a delay does not. */
async function disturbWire(
  scope: Scope,
  what: OfWires,
  node: ClusterNode,
  device: string,
): Promise<Drops | undefined> {
  switch (what.kind) {
    case "cut":
      return dropOn(scope, node, [device], { percent: 100, directions: ["in", "out"] });
    case "one way":
      return dropOn(scope, node, [device], { percent: 100, directions: [what.direction] });
    case "loss":
      return dropOn(scope, node, [device], { percent: lossPercent, directions: ["in", "out"] });
    case "delay":
      await delayOn(scope, node, device);
      return undefined;
  }
}

/** Throws `Blocked` where the harness comes by a wire that would be disturbed. */
export function refuseNeededWires(nodes: Disturbed["nodes"]): void {
  for (const node of Object.values(nodes)) wiresOf(node);
}

type Argv = readonly string[];

/** Echo requests of 1000 bytes. */
async function ping(
  from: (argv: Argv) => Promise<ExecResult>,
  address: string,
  count: number,
): Promise<Omit<WireSeen, "dropped">> {
  // Where neighbours do not answer either, what is sent waits for them, and ping for that.
  const limited = ["timeout", "--signal=INT", "5"];
  const argv = [
    ...limited,
    "ping",
    "-n",
    "-q",
    "-c",
    String(count),
    "-i",
    "0.005",
    "-s",
    "1000",
    "-W",
    "1",
    address,
  ];
  const { stdout, stderr, host } = await from(argv);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  if (sent === undefined) throw new HarnessError(`${host}: ${argv.join(" ")}: ${stdout}${stderr}`);
  const [, slowest = "0"] = /= [\d.]+\/[\d.]+\/([\d.]+)\//.exec(stdout) ?? [];
  return { sent: Number(sent), received: Number(received), slowestMs: Number(slowest) };
}
