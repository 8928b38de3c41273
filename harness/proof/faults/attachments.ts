import type { Fault } from "#harness/proof/fault.ts";
import { inside } from "./tools.ts";

/** Faults of what CNI plugins have attached. */
export const attachmentFaults: readonly Fault[] = [
  {
    name: "another-mac-than-the-result",
    breaks: "gives the interface of every container on a CNI network another MAC than ADD answered",
    detectedBy: ["B7"],
    mayFollow: ["B2", "B4", "B5"],
    chapter: "basics",
    driver: "cni-bridge",
    acts: {
      "workload started": async (_site, { workload, network }) => {
        if (network === "bridge") return;
        await inside(workload, ["ip", "link", "set", "eth0", "address", "02:00:5e:00:53:02"]);
      },
    },
  },
];
