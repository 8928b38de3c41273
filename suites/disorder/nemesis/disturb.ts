import type { InstalledDriver } from "#drivers/driver.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { jumpAhead } from "#harness/cluster/engines/loss/clock.ts";
import { delayOn, dropOn, wiresOf } from "#harness/cluster/engines/loss/wires.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Disturbing, Place, Wire } from "#harness/oracle/nemesis/schedule.ts";
import { killEngine } from "#harness/workload/docker/engine/ends.ts";
import { loseNode } from "#harness/workload/docker/engine/loss.ts";

/** Whom a disturbance is done to. */
export interface Disturbed {
  readonly nodes: Readonly<Record<Place, ClusterNode>>;
  readonly driver: InstalledDriver;
}

const lossPercent = 20;
/** Milliseconds that the slowest of many packets takes at least where they are held back. */
const lateMs = 100;

/**
 * Begins it, and sees that it is there; it ends when `scope` closes. Resolves to what was seen of it. Throws `HarnessError` where
 * nothing is disturbed.
 */
export async function begin(scope: Scope, what: Disturbing, { nodes, driver }: Disturbed): Promise<string> {
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
    default: {
      const node = nodes[what.node];
      const { device } = node.interfaces[what.wire];
      await disturbWire(scope, what, node, device);
      const seen = await pingBy(what.wire, nodes, requests[what.kind]);
      if (!isDisturbed(what.kind, seen)) {
        throw new HarnessError(`${node.name} ${device} is not disturbed: ${describePing(seen)}`);
      }
      return `${node.name} ${device}: ${describePing(seen)}`;
    }
  }
}

type OfWires = Extract<Disturbing, { wire: Wire }>;

/** So many echo requests show it. */
const requests: Readonly<Record<OfWires["kind"], number>> = { cut: 3, "one way": 3, loss: 80, delay: 30 };

function disturbWire(scope: Scope, what: OfWires, node: ClusterNode, device: string): Promise<unknown> {
  switch (what.kind) {
    case "cut":
      return dropOn(scope, node, [device], { percent: 100, directions: ["in", "out"] });
    case "one way":
      return dropOn(scope, node, [device], { percent: 100, directions: [what.direction] });
    case "loss":
      return dropOn(scope, node, [device], { percent: lossPercent, directions: ["in", "out"] });
    case "delay":
      return delayOn(scope, node, device);
  }
}

/** Throws `Blocked` where the harness comes by a wire that would be disturbed. */
export function refuseNeededWires(nodes: Disturbed["nodes"]): void {
  for (const node of Object.values(nodes)) wiresOf(node);
}

interface PingSeen {
  readonly sent: number;
  readonly received: number;
  /** Of the slowest one; 0 where none came back. */
  readonly slowestMs: number;
}

/** Echo requests of 1000 bytes between the nodes themselves, by that wire. */
async function pingBy(wire: Wire, nodes: Disturbed["nodes"], count: number): Promise<PingSeen> {
  const { address } = nodes.far.interfaces[wire];
  const argv = ["ping", "-n", "-q", "-c", String(count), "-i", "0.005", "-s", "1000", "-W", "1", address];
  const { stdout, stderr } = await nodes.near.exec(argv);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  if (sent === undefined) throw new HarnessError(`${nodes.near.name}: ${argv.join(" ")}: ${stdout}${stderr}`);
  const [, slowest = "0"] = /= [\d.]+\/[\d.]+\/([\d.]+)\//.exec(stdout) ?? [];
  return { sent: Number(sent), received: Number(received), slowestMs: Number(slowest) };
}

function isDisturbed(kind: OfWires["kind"], { sent, received, slowestMs }: PingSeen): boolean {
  switch (kind) {
    case "cut":
    case "one way":
      return received === 0;
    case "loss":
      return received < sent;
    case "delay":
      return slowestMs >= lateMs || received < sent;
  }
}

function describePing({ sent, received, slowestMs }: PingSeen): string {
  return `${received} of ${sent} echo requests answered, the slowest after ${slowestMs} ms`;
}
