import type { CnmFaultName } from "#drivers/reference/faults/tables/cnm.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Fault } from "#harness/proof/fault.ts";
import { switchOn } from "./reference.ts";

const withFault = (fault: CnmFaultName | ReferenceFaultName): Fault["acts"] => ({
  "chapter begins": (context, { scope }) => switchOn(context, scope, fault),
});

/** Faults of what must hold between engines and a remote plugin: faults of the reference plugin, in other chapters. */
export const remoteFaults: readonly Fault[] = [
  {
    name: "pool-named-differently-each-time",
    breaks: "engines that ask for the same pool get different ids",
    detectedBy: ["R1"],
    chapter: "multihost",
    driver: "reference",
    acts: withFault("pool-id-changes"),
  },
  {
    name: "port-outlives-failed-container",
    breaks: "what the plugin made for a container stays on the node when the container goes",
    detectedBy: ["R2", "R3", "R4"],
    mayFollow: ["C1"],
    alone: true,
    chapter: "plugin",
    driver: "reference",
    acts: withFault("port-outlives-container"),
  },
  {
    name: "pools-forgotten-with-engine",
    breaks: "the plugin drops all pools when an engine that was restarted introduces itself",
    detectedBy: ["R6"],
    mayFollow: ["C1"],
    alone: true,
    chapter: "plugin",
    driver: "reference",
    acts: withFault("pools-forgotten"),
  },
];
