import { EngineControl } from "#harness/cluster/engines/control/control.ts";
import { refuseSharedClock } from "#harness/cluster/engines/loss/clock.ts";
import { delayOn, dropOn } from "#harness/cluster/engines/loss/wires.ts";
import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import type { Possible } from "#harness/oracle/nemesis/generate.ts";
import { disturbanceKinds } from "#harness/oracle/nemesis/schedule.ts";
import { refuseNeededWires } from "./disturb.ts";
import { placesOf } from "./field.ts";

/** What can be done to this driver here. */
export interface Allowed {
  readonly possible: Possible;
  /** What is not among it, with the reason. */
  readonly without: readonly string[];
}

/** Finds out what is possible. Throws `Blocked` with the reason where the nodes do not allow all that any driver could be given. */
export async function whatIsPossible({ cluster, driver, declaration }: ChapterContext): Promise<Allowed> {
  const nodes = placesOf(cluster);
  refuseNeededWires(nodes);
  await EngineControl.of(nodes.far);
  const { device } = nodes.far.interfaces.control;
  const some = { percent: 20, directions: ["in", "out"] } as const;
  await tried("loss", (scope) => dropOn(scope, nodes.far, [device], some));
  await tried("delay", (scope) => delayOn(scope, nodes.far, device));
  const { capabilities } = declaration;
  const givingUp = capabilities.includes("lostNodes");
  const sharedClock = await refuseSharedClock(nodes.far, [nodes.near]).catch((error: unknown) => {
    if (error instanceof Blocked) return error.message;
    throw error;
  });
  const kinds = disturbanceKinds.filter((kind) => {
    if (kind === "clock jump") return sharedClock === undefined;
    return kind !== "plugin killed" || driver.stop !== undefined;
  });
  return {
    possible: { kinds, givingUp, policy: capabilities.includes("policy") },
    without: [
      ...(driver.stop ? [] : ["plugin killed: the driver has no stop"]),
      ...(sharedClock === undefined ? [] : [`a clock that jumps: ${sharedClock}`]),
      ...(givingUp ? [] : ["a node that is given up: the driver does not declare lostNodes"]),
    ],
  };
}

/** Begins a disturbance and ends it at once. */
async function tried(what: string, begin: (scope: Scope) => Promise<unknown>): Promise<void> {
  const scope = new Scope(`whether there can be ${what}`);
  try {
    await begin(scope);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Blocked(`no ${what} can be made on the nodes: ${error.message}`, { cause: error });
  } finally {
    await scope.close();
  }
}
