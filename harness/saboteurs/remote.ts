import type { CnmFaultName } from "./cnm-faults.ts";
import { switchOn } from "./reference.ts";
import type { ReferenceFaultName } from "./reference-faults.ts";
import type { Saboteur } from "./saboteur.ts";

const withFault = (fault: CnmFaultName | ReferenceFaultName): Saboteur["acts"] => ({
  "chapter begins": (site, { scope }) => switchOn(site, scope, fault),
});

/** Saboteurs of what must hold between engines and a remote plugin: faults of the reference plugin, in other chapters. */
export const remoteSaboteurs: readonly Saboteur[] = [
  {
    name: "pool-named-differently-each-time",
    breaks: "engines that ask for the same pool get different ids",
    kills: ["R1"],
    chapter: "multihost",
    driver: "reference",
    acts: withFault("pool-id-changes"),
  },
  {
    name: "port-outlives-failed-container",
    breaks: "what the plugin made for a container stays on the node when the container goes",
    kills: ["R2", "R3", "R4"],
    mayFollow: ["C1"],
    alone: true,
    chapter: "plugin",
    driver: "reference",
    acts: withFault("port-outlives-container"),
  },
  {
    name: "pools-forgotten-with-engine",
    breaks: "the plugin drops all pools when an engine that was restarted introduces itself",
    kills: ["R6"],
    mayFollow: ["C1"],
    alone: true,
    chapter: "plugin",
    driver: "reference",
    acts: withFault("pools-forgotten"),
  },
];
