import type { DebugFault, DebugPlugin } from "#harness/cni/debug-plugins/faults.ts";
import type { Fault } from "#harness/proof/fault.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";

/**
 * The start of a fault that is a behaviour of a debug plugin: its name, where it is at work and how it is injected.
 * Does not compile for a behaviour that the plugin does not have. `version` is the one at which the fault shows.
 */
export function behaviour<P extends DebugPlugin>(
  plugin: P,
  name: DebugFault<P>,
  version: SpecVersion = "1.1.0",
): Pick<Fault<"cni">, "name" | "on" | "inject"> {
  return { name, on: { tier: "cni", plugin, version }, inject: { behaviour: name } };
}
